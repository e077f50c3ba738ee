//! The OpenAPI 3.1 document, made from the types and the table of routes. The server serves it, the repository keeps a
//! copy, and a test compares the two.

mod endpoints;

use std::collections::BTreeMap;

use serde_json::json;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::header::Header;
use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, Parameter as Listed, ParameterBuilder, ParameterIn,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{Array, Object, ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, License, OpenApi, OpenApiBuilder, PathsBuilder, Ref,
    RefOr, Required, Response, ResponseBuilder,
};
use utoipa::{Number, PartialSchema, ToSchema};

use crate::key::Scope;
use crate::problem::{MEDIA_TYPE, Problem};
use crate::query::{Parameter, Takes};
use crate::sign::{HEADER_KEY, HEADER_NONCE, HEADER_SIGNATURE, HEADER_TIMESTAMP};

pub use endpoints::ENDPOINTS;

/// The name of the header that makes a creation safe to repeat.
pub const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
/// The most characters of an idempotency key.
pub const IDEMPOTENCY_KEY_CHARS_MAX: usize = 128;
/// The answer's header that says a creation was done before: `true`.
pub const IDEMPOTENT_REPLAYED: &str = "Idempotent-Replayed";

crate::words::words! {
    /// How a route is called.
    Method {
        /// Reads; changes nothing.
        Get = "GET",
        /// Creates or commands.
        Post = "POST",
    }
}

/// One route.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint {
    /// Its name in the document and in SDKs; unique.
    pub id: &'static str,
    /// How it is called.
    pub method: Method,
    /// Where it is, with `{id}` for an id.
    pub path: &'static str,
    /// What a key needs to call it; `None` for routes without credentials, and where any key will do.
    pub scope: Option<Scope>,
    /// Needs a key, and any will do.
    pub any_key: bool,
    /// The query parameters it takes.
    pub query: &'static [Parameter],
    /// The body it takes.
    pub body: Option<Shape>,
    /// The statuses of its answers, beside problems.
    pub replies: &'static [u16],
    /// The body of its answers.
    pub reply: Reply,
    /// What it does.
    pub doc: &'static str,
}

impl Endpoint {
    const fn answers(mut self, replies: &'static [u16]) -> Self {
        self.replies = replies;
        self
    }

    const fn with_any_key(mut self) -> Self {
        self.any_key = true;
        self
    }

    const fn filtered(mut self, query: &'static [Parameter]) -> Self {
        self.query = query;
        self
    }
}

/// What a route answers.
#[derive(Clone, Copy, Debug)]
pub enum Reply {
    /// One thing.
    One(Shape),
    /// A page of things.
    List(Shape),
    /// Server-sent events, each with a thing as its data.
    Stream(Shape),
}

type Schemas = Vec<(String, RefOr<Schema>)>;

/// A type, as the document needs it: its name, and how to add it and what it is made of.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    name: fn() -> String,
    collect: fn(&mut Schemas),
}

impl Shape {
    const fn of<T: ToSchema>() -> Self {
        fn name<T: ToSchema>() -> String {
            T::name().into_owned()
        }
        fn collect<T: ToSchema>(schemas: &mut Schemas) {
            schemas.push((T::name().into_owned(), <T as PartialSchema>::schema()));
            T::schemas(schemas);
        }
        Self { name: name::<T>, collect: collect::<T> }
    }

    /// The type's name in the document.
    pub fn name(self) -> String {
        (self.name)()
    }

    fn reference(self) -> RefOr<Schema> {
        Ref::from_schema_name(self.name()).into()
    }
}

/// The whole document.
pub fn document() -> OpenApi {
    let mut schemas = Schemas::new();
    Shape::of::<Problem>().collect_into(&mut schemas);
    let mut paths = PathsBuilder::new().build();
    for endpoint in ENDPOINTS {
        for shape in endpoint.body.into_iter().chain(Some(endpoint.reply.shape())) {
            shape.collect_into(&mut schemas);
        }
        if let Reply::List(shape) = endpoint.reply {
            schemas.push((list_name(shape), list_schema(shape).into()));
        }
        let method = match endpoint.method {
            Method::Get => HttpMethod::Get,
            Method::Post => HttpMethod::Post,
        };
        paths.add_path_operation(endpoint.path, vec![method], operation(endpoint));
    }
    // Sorted and once each: the committed copy changes only when the contract does.
    let schemas: BTreeMap<_, _> = schemas.into_iter().collect();
    let components = ComponentsBuilder::new().schemas_from_iter(schemas);
    let components = security_schemes()
        .into_iter()
        .fold(components, |all, (name, scheme)| all.security_scheme(name, scheme));
    OpenApiBuilder::new().info(info()).paths(paths).components(Some(components.build())).build()
}

impl Shape {
    fn collect_into(self, schemas: &mut Schemas) {
        (self.collect)(schemas);
    }
}

impl Reply {
    /// The thing it answers, or the thing a page or a stream is made of.
    pub const fn shape(self) -> Shape {
        match self {
            Self::One(shape) | Self::List(shape) | Self::Stream(shape) => shape,
        }
    }
}

fn info() -> utoipa::openapi::Info {
    let license = License::builder().name("MIT OR Apache-2.0").identifier(Some("MIT OR Apache-2.0")).build();
    InfoBuilder::new()
        .title("Sluice")
        .version("v1")
        .description(Some(
            "Withdrawals of stablecoins, paid exactly once. Amounts are decimal strings. Times are RFC 3339. Refusals are \
             RFC 9457 problems with a stable `code`, in Korean or English by `Accept-Language`. Fields and words may be \
             added to answers: ignore what you do not know.",
        ))
        .license(Some(license))
        .build()
}

fn security_schemes() -> Vec<(&'static str, SecurityScheme)> {
    let header = |name: &str, doc: &str| {
        SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(name, doc)))
    };
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("`<key id>.<secret>`, in test mode only."))
        .build();
    vec![
        ("key", header(HEADER_KEY, "The key's id.")),
        (
            "timestamp",
            header(HEADER_TIMESTAMP, "Milliseconds since 1970, within 30 seconds of the server's clock."),
        ),
        ("nonce", header(HEADER_NONCE, "16 to 64 letters, digits, `-` or `_`, fresh for every request.")),
        (
            "signature",
            header(
                HEADER_SIGNATURE,
                "`v1=` and the hex of HMAC-SHA256, or `v1ed25519=` and the base64 of Ed25519, over five lines joined by \
                 a line feed: timestamp, nonce, method, path with query, and the hex SHA-256 of the body.",
            ),
        ),
        ("bearer", SecurityScheme::Http(bearer)),
    ]
}

fn operation(endpoint: &Endpoint) -> Operation {
    let json = |schema| ContentBuilder::new().schema(Some(schema)).build();
    let mut operation = OperationBuilder::new()
        .operation_id(Some(endpoint.id))
        .tag(endpoint.path.split('/').find(|part| !part.is_empty() && *part != "v1").unwrap_or("other"))
        .summary(Some(
            endpoint.doc.split_inclusive(". ").next().unwrap_or(endpoint.doc).trim_end_matches(['.', ' ']),
        ))
        .description(Some(endpoint.doc));
    if endpoint.path.contains("{id}") {
        let id = ParameterBuilder::new().name("id").parameter_in(ParameterIn::Path).required(Required::True);
        operation = operation.parameter(id.schema(Some(text_schema(1, 64))).build());
    }
    for parameter in endpoint.query {
        operation = operation.parameter(query_parameter(parameter));
    }
    if let Some(body) = endpoint.body {
        let body = RequestBodyBuilder::new()
            .required(Some(Required::True))
            .content("application/json", json(body.reference()));
        operation = operation.request_body(Some(body.build()));
    }
    if endpoint.id == "createWithdrawal" {
        let key = ParameterBuilder::new()
            .name(IDEMPOTENCY_KEY)
            .parameter_in(ParameterIn::Header)
            .description(Some(
                "Optional: `external_id` already makes the request safe to repeat. It never expires.",
            ))
            .required(Required::False)
            .schema(Some(text_schema(1, IDEMPOTENCY_KEY_CHARS_MAX)));
        operation = operation.parameter(key.build());
    }
    for status in endpoint.replies {
        operation = operation.response(status.to_string(), response(endpoint));
    }
    let problem = Response::builder()
        .description("A problem; `code` says which.")
        .content(MEDIA_TYPE, json(Shape::of::<Problem>().reference()));
    operation = operation.response("default", problem.build());
    let none: [&str; 0] = [];
    let signed = || {
        let names = ["key", "timestamp", "nonce", "signature"].into_iter();
        names.fold(SecurityRequirement::default(), |all, name| all.add(name, none))
    };
    let guarded = |operation: OperationBuilder| {
        operation.securities(Some([signed(), SecurityRequirement::new("bearer", none)]))
    };
    match endpoint.scope {
        None if endpoint.any_key => guarded(operation).build(),
        None => operation.securities(Some([SecurityRequirement::default()])).build(),
        Some(scope) => guarded(operation)
            .extensions(Some(Extensions::builder().add("x-scope", json!(scope.as_str())).build()))
            .build(),
    }
}

fn response(endpoint: &Endpoint) -> Response {
    let (media_type, schema) = match endpoint.reply {
        Reply::One(shape) => ("application/json", shape.reference()),
        Reply::List(shape) => ("application/json", Ref::from_schema_name(list_name(shape)).into()),
        Reply::Stream(shape) => ("text/event-stream", shape.reference()),
    };
    let mut response = ResponseBuilder::new()
        .description("Done.")
        .content(media_type, ContentBuilder::new().schema(Some(schema)).build());
    if endpoint.id == "createWithdrawal" {
        let mut replayed = Header::new(ObjectBuilder::new().schema_type(Type::String).build());
        replayed.description = Some("`true` when the withdrawal had been created before.".into());
        response = response.header(IDEMPOTENT_REPLAYED, replayed);
    }
    response.build()
}

fn query_parameter(parameter: &Parameter) -> Listed {
    let schema = match parameter.takes {
        Takes::Text(max) => text_schema(0, max),
        Takes::Words(words) => {
            ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words.iter().copied())).build()
        }
        Takes::Whole(min, max) => whole_schema(min, max),
    };
    ParameterBuilder::new()
        .name(parameter.name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(parameter.doc))
        .schema(Some(schema))
        .build()
}

fn text_schema(min: usize, max: usize) -> Object {
    let schema = ObjectBuilder::new().schema_type(Type::String).max_length(Some(max));
    if min > 0 { schema.min_length(Some(min)).build() } else { schema.build() }
}

fn whole_schema(min: u64, max: u64) -> Object {
    let schema = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(Number::from(min)));
    // The largest number we can hold says nothing about what is asked.
    if max < u64::MAX { schema.maximum(Some(Number::from(max))).build() } else { schema.build() }
}

fn list_name(shape: Shape) -> String {
    format!("{}List", shape.name())
}

/// Written out, because a generic type has one name whatever it is made of.
fn list_schema(shape: Shape) -> Schema {
    let text = |doc: &str| ObjectBuilder::new().schema_type(Type::String).description(Some(doc));
    let cursor = ObjectBuilder::new()
        .schema_type(utoipa::openapi::schema::SchemaType::from_iter([Type::String, Type::Null]))
        .description(Some("What to send as `cursor` for the next page; `null` on the last one."));
    let more =
        ObjectBuilder::new().schema_type(Type::Boolean).description(Some("Whether another page follows."));
    ObjectBuilder::new()
        .description(Some("One page of a list."))
        .property("object", text("Always `list`.").enum_values(Some(["list"])))
        .property("data", Array::new(shape.reference()))
        .property("has_more", more)
        .property("next_cursor", cursor)
        .required("object")
        .required("data")
        .required("has_more")
        .build()
        .into()
}

#[cfg(test)]
mod tests;
