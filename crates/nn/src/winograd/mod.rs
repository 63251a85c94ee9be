//! Winograd's minimal filtering (Lavin and Gray 2015) for 3x3 convolutions of stride 1: F(4x4, 3x3) takes 36 instead of
//! 144 products for every 4x4 outputs, F(2x2, 3x3) 16 instead of 36 for every 2x2.
//!
//! `output = A' [(G g G') * (B' d B)] A`: d is a piece of the input and g the kernel. Over many pieces and channels
//! the product in the middle is one matrix product for each of its 36 or 16 points. The pieces are transformed into
//! `[piece][point][channel]`, so that each of them is a product of rows and packed panels.

mod cut;
mod filtering;
mod gradient;
mod input;
mod lines;
mod output;
#[cfg(test)]
mod tests;
mod weights;

pub use cut::Cut;
pub use filtering::{Filtering, WeightForm, GAP};
pub use gradient::{
    winograd_factor, winograd_products, winograd_taps, Factor, WinogradFactor, WinogradProducts, WinogradTaps,
    PIECE_GAP,
};
pub use input::{winograd_input, WinogradInput};
pub use output::{winograd_output, winograd_scratch, WinogradOutput, PRODUCTS_STRIDE, UNIT_PANELS, UNIT_PIECES};
pub use weights::{winograd_weights, WinogradWeights};
