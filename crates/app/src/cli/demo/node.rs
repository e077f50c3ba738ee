//! Questions to a node of the devnet, in the plainest way there is: one connection, one question, one answer. It shares
//! no code with the engine's own reading of the chain, so that both cannot be wrong in the same way.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long one question may take.
const TIMEOUT: Duration = Duration::from_secs(15);
/// The longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// A node, by its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    host: String,
    port: u16,
    path: String,
}

impl Node {
    /// From `http://host:port/path`.
    ///
    /// # Errors
    /// One sentence.
    pub(super) fn at(url: &str) -> Result<Self, String> {
        let wrong = || format!("`{url}` is not http://host:port");
        let rest = url.strip_prefix("http://").ok_or_else(wrong)?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        // A bracket closes an IPv6 address, whose colons are no port's.
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port.parse().map_err(|_| wrong())?),
            _ => (authority, 80),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() || authority.contains('@') || !url.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(wrong());
        }
        Ok(Self { host: host.to_owned(), port, path: format!("/{path}") })
    }

    /// Asks once, by JSON-RPC.
    ///
    /// # Errors
    /// One sentence: no answer, one that is no JSON-RPC, or the node's own error.
    pub(super) async fn ask(&self, method: &str, params: Value) -> Result<Value, String> {
        let question = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let mut answer = self.answer(&self.path, &question).await?;
        if let Some(error) = answer.get("error").filter(|error| !error.is_null()) {
            return Err(error.to_string());
        }
        match answer.get_mut("result") {
            Some(result) => Ok(result.take()),
            None => Err("neither a result nor an error".to_owned()),
        }
    }

    /// Asks once what is below its address, as nodes of TRON are asked.
    ///
    /// # Errors
    /// One sentence: no answer, one that is no JSON, or the node's own error.
    pub(super) async fn post(&self, name: &str, question: &Value) -> Result<Value, String> {
        let path = format!("{}/{name}", self.path.trim_end_matches('/'));
        let answer = self.answer(&path, question).await?;
        match answer.get("Error") {
            Some(error) => Err(error.to_string()),
            None => Ok(answer),
        }
    }

    async fn answer(&self, path: &str, question: &Value) -> Result<Value, String> {
        let question = question.to_string();
        let answer = match tokio::time::timeout(TIMEOUT, self.exchange(path, &question)).await {
            Ok(answer) => answer.map_err(|error| error.to_string())?,
            Err(_) => return Err(format!("no answer within {} s", TIMEOUT.as_secs())),
        };
        serde_json::from_slice(body(&answer)?).map_err(|_| "no JSON".to_owned())
    }

    async fn exchange(&self, path: &str, question: &str) -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        // HTTP/1.0: the answer is not cut into chunks, and ends with the connection.
        let request = format!(
            "POST {path} HTTP/1.0\r\nHost: {}:{}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{question}",
            self.host,
            self.port,
            question.len()
        );
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer).await?;
        Ok(answer)
    }
}

/// The body of a whole answer.
fn body(answer: &[u8]) -> Result<&[u8], String> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").ok_or("no HTTP answer")?;
    let (head, body) = (String::from_utf8_lossy(&answer[..end]), &answer[end + 4..]);
    let status = head.split_whitespace().nth(1).unwrap_or("?");
    if status != "200" {
        return Err(format!("HTTP {status}"));
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    match length {
        Some(length) if length > body.len() => Err("an answer that was cut off".to_owned()),
        _ => Ok(body),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_port() {
        let at = |host: &str, port, path: &str| Ok(Node { host: host.into(), port, path: path.into() });
        assert_eq!(Node::at("http://127.0.0.1:8545"), at("127.0.0.1", 8545, "/"));
        assert_eq!(Node::at("http://localhost:8545/"), at("localhost", 8545, "/"));
        assert_eq!(Node::at("http://[::1]:8545/rpc/x"), at("::1", 8545, "/rpc/x"));
        assert_eq!(Node::at("http://[::1]"), at("::1", 80, "/"));
        for wrong in
            ["", "https://x:1", "127.0.0.1:8545", "http://", "http://a:b", "http://u@h:1", "http://h:1/ x"]
        {
            assert!(Node::at(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn half_an_answer_is_no_answer() {
        assert_eq!(body(b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n{}"), Ok(&b"{}"[..]));
        assert_eq!(body(b"HTTP/1.0 200 OK\r\n\r\n{}"), Ok(&b"{}"[..]));
        assert!(body(b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n{}").is_err());
        assert_eq!(body(b"HTTP/1.1 502 Bad Gateway\r\n\r\n"), Err("HTTP 502".into()));
        assert!(body(b"").is_err());
    }
}
