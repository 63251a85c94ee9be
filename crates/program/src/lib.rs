#![cfg_attr(all(target_arch = "wasm32", target_feature = "atomics"), feature(stdarch_wasm_atomic_wait))]
//! A program is a list of 32-bit words: an instruction's number, then its fields in order.
//!
//! Addresses are byte offsets from the start of one memory (WebAssembly's own; a buffer in tests); 0 means "none"
//! if a field's description allows it.

mod barrier;
mod constants;
mod instructions;
mod interpreter;
mod pool;
mod schema;

pub use barrier::Barrier;
pub use instructions::Instruction;
pub use interpreter::run;
pub use nn::Share;
pub use operands::Memory;
pub use pool::{Control, Job, CONTROL_WORDS};
pub use schema::typescript;
