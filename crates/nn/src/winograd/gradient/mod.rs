//! The gradient of the weights, F(3x3, 4x4): nine taps from 36 instead of 144 products for every 4x4 outputs.
//!
//! `taps = A' [sum over pieces of (B' d B) * (G e G')] A`: `d` is 6x6 of the input, a piece of F(4x4, 3x3), and `e` is
//! the gradient of its 4x4 outputs. The points are the same, so `B'` is too; `G` has one column more and `A'` one row
//! fewer. For each point the sum is a sum of outer products, which [`gemm::sum_outer_products`] computes.

mod factor;
mod products;
mod taps;
#[cfg(test)]
mod tests;

pub use factor::{winograd_factor, Factor, WinogradFactor, PIECE_GAP};
pub use products::{winograd_products, WinogradProducts};
pub use taps::{winograd_taps, WinogradTaps};
