//! How the arguments of kernels are declared: once, by [`operands!`] and [`kinds!`]. From the declaration follow the type,
//! how it is read from the words of a program, and what the TypeScript encoder is told of it.

mod declare;
mod operand;
mod words;

pub use operand::{Field, Operand, Operands};
pub use words::{Kind, Memory, Word, WordSchema, Words};
