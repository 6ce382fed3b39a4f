//! What depends on master keys: their rotation, remembered answers, cursors, the nonce key.
#![cfg(test)]

mod house;
mod idempotency;
mod nonce_key;
mod pages;
mod rotation;
