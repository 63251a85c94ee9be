//! Matrix product on packed panels.
//!
//! All heavy work in this project is `C[m, n] = A[m, k] B[k, n]`. `A` is read in place through
//! row pointers; `B` is packed once into panels of [`COLUMNS`] columns. A tile has at most
//! [`ROWS`] x [`COLUMNS`] elements and keeps its sums in registers.
//!
//! A row of `A` may come in pieces ("taps"): a convolution is the same product, and each
//! kernel position contributes a piece of `depth` channels from another pixel.

mod epilogue;
mod outer;
mod pack;
mod parts;
mod tile;

pub use epilogue::{Activation, Epilogue};
pub use outer::{sum_outer_products, Pixels, Sums};
pub use pack::{fetch, pack_panels, packed_len, PanelSource};
pub use parts::{part, parts};
pub use tile::{multiply_panels, Rows, Target, COLUMNS, MOST_ROWS, ROWS};
