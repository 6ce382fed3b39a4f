//! Routes together with what `OpenAPI` says of them: neither can be added without the other.

use crate::api::Shared;
use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, on};
use std::sync::Arc;
use utoipa::openapi::path::{HttpMethod, Paths};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{Components, RefOr};
use utoipa::{PartialSchema, ToSchema};

/// A set of routes and their description.
#[derive(Default)]
pub(crate) struct Routes {
    pub router: Router<Arc<Shared>>,
    pub paths: Paths,
    pub components: Components,
    tag: Option<&'static str>,
}

impl Routes {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty set whose operations are described under that heading.
    pub fn tagged(tag: &'static str) -> Self {
        Self { tag: Some(tag), ..Self::default() }
    }

    /// Adds an operation: `described` is what `utoipa::path` made of the handler, and says where it is served.
    pub fn operation<P, H, T>(mut self, _described: P, handler: H) -> Self
    where
        P: utoipa::Path,
        H: Handler<T, Arc<Shared>>,
        T: 'static,
    {
        let methods = P::methods();
        let filter = methods.iter().map(filter_of).reduce(MethodFilter::or);
        if let Some(filter) = filter {
            self.router = self.router.route(&P::path(), on(filter, handler));
        }
        let mut operation = P::operation();
        operation.tags = self.tag.map(|tag| vec![tag.to_owned()]);
        self.paths.add_path_operation(P::path(), methods, operation);
        self
    }

    /// Adds the schema of a body, and of everything it refers to.
    pub fn schema<S: ToSchema>(mut self) -> Self {
        let mut referred: Vec<(String, RefOr<Schema>)> = Vec::new();
        S::schemas(&mut referred);
        referred.push((S::name().into_owned(), <S as PartialSchema>::schema()));
        self.components.schemas.extend(referred);
        self
    }

    /// Adds the routes of another set.
    pub fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.paths.merge(other.paths);
        self.components.schemas.extend(other.components.schemas);
        self
    }
}

fn filter_of(method: &HttpMethod) -> MethodFilter {
    match method {
        HttpMethod::Get => MethodFilter::GET,
        HttpMethod::Post => MethodFilter::POST,
        HttpMethod::Put => MethodFilter::PUT,
        HttpMethod::Delete => MethodFilter::DELETE,
        HttpMethod::Options => MethodFilter::OPTIONS,
        HttpMethod::Head => MethodFilter::HEAD,
        HttpMethod::Patch => MethodFilter::PATCH,
        HttpMethod::Trace => MethodFilter::TRACE,
    }
}
