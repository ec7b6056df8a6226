//! Routes and their description, from one list: what is served is what `docs/openapi.json` says.

use std::sync::OnceLock;

use axum::Router;
use axum::handler::Handler;
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::http::guard::{RouteName, no_method};
use super::http::problem::ProblemBody;
use super::{App, api, ingest};

/// What a route does, for the description.
pub struct Operation {
    id: &'static str,
    summary: &'static str,
    tag: &'static str,
    description: &'static str,
    path: Vec<(&'static str, &'static str)>,
    /// Those of the path that are numbers.
    numbers: Vec<&'static str>,
    /// The form of others.
    patterns: Vec<(&'static str, &'static str)>,
    cursor: Option<&'static str>,
    query: Option<fn(&mut SchemaGenerator) -> Schema>,
    has_body: bool,
    media: &'static [&'static str],
    answer: Option<fn(&mut SchemaGenerator) -> Schema>,
    more: Vec<(u16, &'static str)>,
    refusals: Vec<u16>,
}

impl Operation {
    /// An operation with a name for programs, a line for people, and a group.
    #[must_use]
    pub fn new(id: &'static str, summary: &'static str, tag: &'static str) -> Self {
        Self {
            id,
            summary,
            tag,
            description: "",
            path: Vec::new(),
            numbers: Vec::new(),
            patterns: Vec::new(),
            cursor: None,
            query: None,
            has_body: false,
            media: &["application/json"],
            answer: None,
            more: Vec::new(),
            refusals: vec![400, 421, 429, 500, 503],
        }
    }

    /// More about it.
    #[must_use]
    pub fn describe(self, description: &'static str) -> Self {
        Self { description, ..self }
    }

    /// A parameter of the path.
    #[must_use]
    pub fn path(mut self, name: &'static str, description: &'static str) -> Self {
        self.path.push((name, description));
        self
    }

    /// A number of 64 bits in the path.
    #[must_use]
    pub fn number(mut self, name: &'static str, description: &'static str) -> Self {
        self.numbers.push(name);
        self.path(name, description)
    }

    /// The form of cursors, as a regular expression.
    #[must_use]
    pub fn cursor(self, pattern: &'static str) -> Self {
        Self { cursor: Some(pattern), ..self }
    }

    /// The form of the last parameter of the path, as a regular expression.
    #[must_use]
    pub fn pattern(mut self, pattern: &'static str) -> Self {
        if let Some((name, _)) = self.path.last() {
            self.patterns.push((name, pattern));
        }
        self
    }

    /// The epoch in the path.
    #[must_use]
    pub fn epoch(self) -> Self {
        self.epoch_text().pattern("^(latest|[0-9]{1,19})$")
    }

    fn epoch_text(self) -> Self {
        self.path("epoch", "Number of the epoch, or `latest` for the last one that is sealed here.").may_miss()
    }

    /// The contributor in the path.
    #[must_use]
    pub fn did(self) -> Self {
        self.path("did", "The contributor's DID.").may_miss()
    }

    /// Parameters of the query.
    #[must_use]
    pub fn query<T: JsonSchema>(self) -> Self {
        // Parameters are described in their place.
        Self { query: Some(|generator| T::json_schema(generator)), ..self }
    }

    /// Takes lines of JSON.
    #[must_use]
    pub fn json_lines_body(self) -> Self {
        Self { has_body: true, ..self }
    }

    /// What the answer looks like.
    #[must_use]
    pub fn answers<T: JsonSchema>(self) -> Self {
        Self { answer: Some(|generator| generator.subschema_for::<T>()), ..self }
    }

    /// Answers with something else than JSON, one of these types.
    #[must_use]
    pub fn media(self, media: &'static [&'static str]) -> Self {
        Self { media, ..self }
    }

    /// Another status that is no refusal.
    #[must_use]
    pub fn also(mut self, status: u16, meaning: &'static str) -> Self {
        self.more.push((status, meaning));
        self
    }

    /// What is asked for may not be there.
    #[must_use]
    pub fn may_miss(self) -> Self {
        self.refusals(&[404])
    }

    /// Further statuses that say no.
    #[must_use]
    pub fn refusals(mut self, statuses: &[u16]) -> Self {
        self.refusals.extend(statuses);
        self.refusals.sort_unstable();
        self.refusals.dedup();
        self
    }

    fn to_json(&self, generator: &mut SchemaGenerator) -> Value {
        let mut parameters: Vec<Value> = self
            .path
            .iter()
            .map(|(name, description)| {
                let kind = if self.numbers.contains(name) {
                    json!({ "type": "integer", "format": "uint64", "minimum": 0, "maximum": u64::MAX })
                } else {
                    match self.patterns.iter().find(|(of, _)| of == name) {
                        Some((_, pattern)) => json!({ "type": "string", "pattern": pattern }),
                        None => json!({ "type": "string", "minLength": 1 }),
                    }
                };
                json!({ "name": name, "in": "path", "required": true, "description": description, "schema": kind })
            })
            .collect();
        if let Some(query) = self.query {
            let mut asked = in_query(&query(generator));
            for parameter in &mut asked {
                if let Some(pattern) = self.cursor.filter(|_| parameter["name"] == "cursor") {
                    parameter["schema"]["pattern"] = pattern.into();
                }
            }
            parameters.extend(asked);
        }
        let mut responses = Map::new();
        let schema = self.answer.map_or_else(|| json!({}), |answer| answer(generator).to_value());
        let mut content = Map::new();
        for media in self.media {
            content.insert((*media).to_owned(), json!({ "schema": schema }));
        }
        responses.insert("200".into(), json!({ "description": "The answer.", "content": content }));
        for (status, meaning) in &self.more {
            responses.insert(status.to_string(), json!({ "description": meaning }));
        }
        let problem = generator.subschema_for::<ProblemBody<'_>>().to_value();
        for status in &self.refusals {
            let content = json!({ "application/json": { "schema": problem } });
            responses.insert(status.to_string(), json!({ "description": meaning(*status), "content": content }));
        }
        let mut operation = json!({
            "operationId": self.id,
            "summary": self.summary,
            "tags": [self.tag],
            "parameters": parameters,
            "responses": responses,
        });
        if !self.description.is_empty() {
            operation["description"] = self.description.into();
        }
        if self.has_body {
            let description = "One JSON document a line; at least one line is not empty.";
            let lines = json!({ "schema": { "type": "string", "pattern": r"[^\n]", "description": description } });
            let content = json!({ "application/x-ndjson": lines, "text/plain": lines });
            operation["requestBody"] = json!({ "required": true, "content": content });
        }
        operation
    }
}

fn meaning(status: u16) -> &'static str {
    match status {
        400 => "The request says something that makes no sense.",
        403 => "Not allowed here: estimates need the demo flag.",
        404 => "There is no such thing.",
        408 => "The body took too long.",
        413 => "The body is too large, as sent or decompressed.",
        415 => "A type or encoding that is not understood.",
        416 => "The range is not within the file.",
        421 => "Another host was asked for.",
        429 => "Too many requests from this address.",
        500 => "A fault of the service; its log says what.",
        503 => "Not ready, or too much to do: the same may succeed later.",
        _ => "Refused.",
    }
}

/// Fields of a schema as parameters of the query.
fn in_query(schema: &Schema) -> Vec<Value> {
    let empty = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let parameters = properties.iter().map(|(name, schema)| {
        let mut schema = schema.clone();
        let description = schema.as_object_mut().and_then(|schema| schema.remove("description")).unwrap_or_default();
        // Optional by being left out, not by being null.
        if let Some(kinds) = schema.get_mut("type")
            && let Some(kind) = kinds.as_array().and_then(|kinds| kinds.first()).cloned()
        {
            *kinds = kind;
        }
        json!({ "name": name, "in": "query", "required": false, "description": description, "schema": schema })
    });
    parameters.collect()
}

/// Routes with their description.
pub struct Routes {
    router: Router<App>,
    paths: Map<String, Value>,
    generator: SchemaGenerator,
}

impl Routes {
    fn new() -> Self {
        let settings = SchemaSettings::draft2020_12().for_serialize().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        Self { router: Router::new(), paths: Map::new(), generator: settings.into_generator() }
    }

    /// Adds a route that is asked.
    #[must_use]
    pub fn get<H: Handler<X, App>, X: 'static>(self, path: &'static str, operation: Operation, handler: H) -> Self {
        self.add("get", path, &operation, get(handler))
    }

    /// Adds a route that is given something.
    #[must_use]
    pub fn post<H: Handler<X, App>, X: 'static>(self, path: &'static str, operation: Operation, handler: H) -> Self {
        self.add("post", path, &operation, post(handler))
    }

    fn add(mut self, method: &str, path: &'static str, operation: &Operation, handler: MethodRouter<App>) -> Self {
        let name = operation.id;
        let allowed = if method == "get" { "GET, HEAD" } else { "POST" };
        let named = handler.fallback(move || async move { no_method(allowed) }).layer(map_response(
            move |mut response: Response| async move {
                response.extensions_mut().insert(RouteName(name));
                response
            },
        ));
        self.router = self.router.route(path, named);
        let described = operation.to_json(&mut self.generator);
        // `{*name}` is how the router says that a parameter may have slashes in it.
        self.paths.insert(path.replace("{*", "{"), json!({ method: described }));
        self
    }

    fn document(&mut self) -> Value {
        let schemas = self.generator.take_definitions(true);
        json!({
            "openapi": "3.1.0",
            "info": {
                "title": "Radio Payouts",
                "version": env!("CARGO_PKG_VERSION"),
                "description": "What a settler counted, and what came of it. Every answer says how sure it is (estimate, provisional or \
                                ratified) and as of which slot of the chain. Numbers of 64 bits are decimal strings.",
                "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            },
            "servers": [{ "url": "/" }],
            "paths": self.paths,
            "components": { "schemas": schemas },
        })
    }
}

fn all() -> Routes {
    api::routes(ingest::route::routes(Routes::new()))
}

/// Every public route.
pub fn router() -> Router<App> {
    all().router
}

/// The description of every public route, as JSON.
#[must_use]
pub fn text() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        let mut text = serde_json::to_string_pretty(&all().document()).unwrap_or_default();
        text.push('\n');
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_and_parameter_is_described_and_every_reference_leads_somewhere() {
        let document: Value = serde_json::from_str(text()).unwrap();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{method} {path}");
                for parameter in operation["parameters"].as_array().unwrap() {
                    let described = parameter["description"].as_str().is_some_and(|text| !text.is_empty());
                    assert!(described, "{path}: {parameter}");
                }
                for name in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
                    let named = |parameter: &Value| parameter["name"] == name && parameter["in"] == "path";
                    assert!(operation["parameters"].as_array().unwrap().iter().any(named), "{path}: {name}");
                }
            }
        }
        for reference in text().split("\"$ref\": \"#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name}");
        }
        for (name, schema) in schemas {
            for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
                assert!(schema.get("description").is_some(), "{name}.{field} has no description");
            }
        }
    }
}
