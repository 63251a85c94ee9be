//! Winograd's minimal filtering (Lavin and Gray 2015) for 3x3 convolutions of stride 1: F(4x4, 3x3) takes 36 instead of
//! 144 products for every 4x4 outputs, F(2x2, 3x3) 16 instead of 36 for every 2x2.
//!
//! `output = A' [(G g G') * (B' d B)] A` with d a piece of the input and g the kernel; over many pieces and channels
//! the product in the middle is one matrix product for each of its 36 or 16 points. The pieces are transformed into
//! `[piece][point][channel]`, so that each of them is a product of rows and packed panels.

mod gradient;
mod input;
mod lines;
mod output;
#[cfg(test)]
mod tests;
mod weights;

pub use gradient::{
    winograd_factor, winograd_products, winograd_taps, Factor, WinogradFactor, WinogradProducts, WinogradTaps,
};
pub use input::{winograd_input, WinogradInput};
pub use output::{winograd_output, winograd_scratch, WinogradOutput};
pub use weights::{winograd_weights, WinogradWeights};

/// Which of the filterings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filtering {
    /// Pieces of 4x4 inputs and 2x2 outputs.
    F2,
    /// Pieces of 6x6 inputs and 4x4 outputs.
    F4,
}

/// How a convolution finds its weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightForm {
    /// Transformed beforehand. For weights so few that they stay in the caches.
    Transformed,
    /// In the panels that the direct convolution takes, to be transformed at each run: they are a quarter of the
    /// memory, and where they come from there, reading less takes less time than transforming.
    Panels,
}

/// Values between what would otherwise lie powers of two apart and fight for the same cache lines.
const GAP: usize = 16;

/// Values from one transformed piece to the next.
fn piece_stride(points: usize, channels: usize) -> usize {
    points * channels + GAP
}
