//! The PostgreSQL adapter: the suite of the storage ports, and what only a database that others use too can get wrong.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "these are tests, helpers of tests among them"
)]

mod connections;
mod database;
mod differential;
mod nodes;
mod server;

mod conformance {
    fn postgres() -> testkit::conformance::Subject {
        crate::database::Database::new().into_subject()
    }

    testkit::storage_conformance!(crate::conformance::postgres);
}
