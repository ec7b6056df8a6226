//! `/api/v1`: one file for each group of routes. All of them read; none decides.

use std::sync::Arc;

use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use super::Service;
use super::catalogue::Sealed;
use super::http::problem::Problem;
use super::openapi::{Operation, Routes};

pub mod contributors;
pub mod deployment;
pub mod epochs;
pub mod estimate;
pub mod files;
pub mod governance;
pub mod network;
pub mod parameters;
pub mod projections;
pub mod proposals;
pub mod receipts;
pub mod registry;
pub mod rejects;
pub mod shares;
pub mod status;
pub mod timeline;
pub mod tracks;
pub mod trends;

/// All of them.
#[must_use]
pub fn routes(routes: Routes) -> Routes {
    let operation = Operation::new("openapi", "This description", "service");
    let routes = routes.get("/api/v1/openapi.json", operation, description);
    let routes = parameters::routes(deployment::routes(status::routes(routes)));
    let routes = proposals::routes(governance::routes(registry::routes(routes)));
    let routes = projections::routes(trends::routes(network::routes(routes)));
    let routes = contributors::routes(timeline::routes(epochs::routes(routes)));
    let routes = rejects::routes(tracks::routes(receipts::routes(shares::routes(routes))));
    files::routes(estimate::routes(routes))
}

async fn description() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], super::openapi::text()).into_response()
}

/// A number of up to 64 bits: in JSON a decimal string, because many readers round larger ones.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Decimal(pub u64);

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl JsonSchema for Decimal {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Decimal".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9]+$" })
    }
}

/// The sealed epoch that a path names.
///
/// # Errors
/// 404 if it is not sealed here, 503 while it is being indexed, 400 if it is no epoch.
pub fn sealed(service: &Service, epoch: &str) -> Result<Arc<Sealed>, Problem> {
    if epoch == "latest" {
        let last = service.catalogue.sealed().pop();
        return last.ok_or_else(|| Problem::not_found("no epoch is sealed here yet"));
    }
    let number = number(epoch)?;
    if let Some(sealed) = service.catalogue.epoch(number) {
        return Ok(sealed);
    }
    if service.catalogue.epoch_folder(number).join("manifest.json").is_file() {
        return Err(Problem::away(format!("epoch {number} is being indexed")));
    }
    Err(Problem::not_found(format!("epoch {number} is not sealed here; /api/v1/epochs lists those that are")))
}

/// The number of an epoch in a path.
///
/// # Errors
/// 400 if it is none.
pub fn number(epoch: &str) -> Result<u64, Problem> {
    epoch.parse().map_err(|_| Problem::bad_request(format!("{epoch:?} is no epoch: give its number, or latest")))
}
