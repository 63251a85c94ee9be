//! Matrix product on packed panels.
//!
//! Everything heavy in this project is `C[m, n] = A[m, k] B[k, n]` with `A` read in place through
//! row pointers and `B` packed once into panels of [`COLUMNS`] columns. The tile is
//! [`ROWS`] x [`COLUMNS`]: eight accumulators, which V8 keeps in registers. 5 x 8 and 6 x 8 are no
//! faster, and 6 x 8 has been seen to spill and run at half the speed.
//!
//! A row of `A` may be given in pieces ("taps"): a convolution is the same product in which each
//! kernel position contributes a piece of `depth` channels from another pixel.

mod epilogue;
mod outer;
mod pack;
mod tile;

pub use epilogue::{Activation, Epilogue};
pub use outer::{add_outer_products, Pieces};
pub use pack::{pack_panels, packed_len, PanelSource};
pub use tile::{multiply_tile, Target, COLUMNS, ROWS};
