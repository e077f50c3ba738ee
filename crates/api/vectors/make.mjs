// Makes signing.json with Node's own cryptography: an implementation independent of the Rust one it checks.
// Run: node crates/api/vectors/make.mjs > crates/api/vectors/signing.json
import { createHash, createHmac, createPrivateKey, createPublicKey, sign } from 'node:crypto';

const seed = Buffer.from(createHash('sha256').update('sluice signing vectors').digest());
const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32);
const secret = 'sk_test_b4f0c1d2e3a495867788990011223344';

const requests = [
  { name: 'empty body', timestamp_ms: 1795226523000, nonce: '0123456789abcdef', method: 'GET', target: '/v1/assets', body: '' },
  { name: 'query', timestamp_ms: 1795226523001, nonce: 'AAAAAAAAAAAAAAAAAAAA', method: 'GET', target: '/v1/withdrawals?status=held&limit=20', body: '' },
  { name: 'empty query', timestamp_ms: 1795226523001, nonce: 'AAAAAAAAAAAAAAAAAAAA', method: 'GET', target: '/v1/withdrawals?', body: '' },
  { name: 'escapes stay as sent', timestamp_ms: 1795226523002, nonce: 'n-_n-_n-_n-_n-_n-_', method: 'GET', target: '/v1/withdrawals?external_id=%EC%B6%9C%EA%B8%88%201', body: '' },
  { name: 'json body', timestamp_ms: 1795226523003, nonce: '5f3a9c0b7d1e4a2f8c6b', method: 'POST', target: '/v1/withdrawals', body: '{"external_id":"payout-1","user_id":"user-81","asset":"eip155:137/erc20:0x3c499c542cef5e3811e1192ce70d8cc03d5c3359","amount":"12.50","address":"0x52908400098527886E0F7030069857D2E4169EE7"}' },
  { name: 'body in korean', timestamp_ms: 1795226523004, nonce: 'f'.repeat(64), method: 'POST', target: '/v1/lanes/wa_1/pause', body: '{"reason":"점검"}' },
  { name: 'body with line feeds', timestamp_ms: 1, nonce: 'zzzzzzzzzzzzzzzz', method: 'POST', target: '/', body: 'a\nb\r\n' },
];

const vectors = requests.map((request) => {
  const digest = createHash('sha256').update(request.body, 'utf8').digest('hex');
  const canonical = [request.timestamp_ms, request.nonce, request.method, request.target, digest].join('\n');
  return {
    ...request,
    canonical,
    hmac: 'v1=' + createHmac('sha256', secret).update(canonical, 'utf8').digest('hex'),
    ed25519: 'v1ed25519=' + sign(null, Buffer.from(canonical, 'utf8'), privateKey).toString('base64'),
  };
});

const keys = { hmac_secret: secret, ed25519_seed: seed.toString('hex'), ed25519_public_key: publicKey.toString('base64') };
console.log(JSON.stringify({ keys, vectors }, null, 2));
