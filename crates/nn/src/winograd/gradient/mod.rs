//! The gradient of the weights, F(3x3, 4x4): nine taps from 36 instead of 144 products for every 4x4 outputs.
//!
//! `taps = A' [sum over pieces of (B' d B) * (G e G')] A` with `d` 6x6 of the input, the pieces of F(4x4, 3x3), and `e`
//! the gradient of their 4x4 outputs. The points are the same, so `B'` is too, `G` has a column more and `A'` a row
//! less. For each point the sum is that of outer products, as [`gemm::sum_outer_products`] takes them.

mod factor;
mod products;
mod taps;
#[cfg(test)]
mod tests;

pub use factor::{winograd_factor, Factor, WinogradFactor, PIECE_GAP};
pub use products::{winograd_products, WinogradProducts};
pub use taps::{winograd_taps, WinogradTaps};
