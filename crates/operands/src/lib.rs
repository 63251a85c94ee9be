//! Declares the arguments of kernels once, by [`operands!`] and [`kinds!`]. The type, its decoding from the words of a
//! program, and its description for the TypeScript encoder follow from the declaration.

mod declare;
mod operand;
mod words;

pub use operand::{Field, Operand, Operands};
pub use words::{Kind, Memory, Word, WordSchema, Words};
