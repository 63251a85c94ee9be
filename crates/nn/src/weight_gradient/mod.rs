//! The gradient of a convolution's weights, for any kernel, stride, dilation, groups and padding.

mod arguments;
mod packing;
mod products;
mod sum;
#[cfg(test)]
mod tests;

pub use arguments::WeightGradient;
pub use products::{weight_gradient, UNIT_PANELS};
pub use sum::{sum_weights, SumWeights};
