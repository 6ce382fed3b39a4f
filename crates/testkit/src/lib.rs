//! Test doubles that behave, and the suite that every storage adapter passes. Never part of a product build.
//!
//! * [`VirtualClock`] stands still until a test moves it; [`SeededRandom`] repeats itself.
//! * [`MemoryStorage`] keeps every promise of the storage ports but durability, and fails on demand.
//! * [`samples`] makes well-formed values; [`RecordingFollower`] keeps what a change feed told it.
//! * [`conformance`] is the meaning of the storage ports as checks; [`storage_conformance!`] makes tests of them.

pub mod conformance;
mod live_calls;
mod memory_storage;
mod recording_follower;
pub mod samples;
mod seeded_random;
mod virtual_clock;

pub use live_calls::ScriptedLiveCalls;
pub use memory_storage::{HeldCommit, MemoryStorage};
pub use recording_follower::RecordingFollower;
pub use seeded_random::SeededRandom;
pub use virtual_clock::VirtualClock;
