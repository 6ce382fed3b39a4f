//! The SQLite adapter: the suite of the storage ports, and what only a file on a disk can get wrong.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "these are tests, helpers of tests among them")]

mod backup;
mod database;
mod durability;
mod group_commit;
mod observed;
mod opening;
mod schema;
mod tables;
mod writer_end;

mod conformance {
    fn sqlite() -> testkit::conformance::Subject {
        crate::database::Database::new().into_subject()
    }

    testkit::storage_conformance!(crate::conformance::sqlite);
}
