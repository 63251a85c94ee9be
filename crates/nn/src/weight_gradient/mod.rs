mod packing;
mod products;
mod sum;
#[cfg(test)]
mod tests;

pub use products::{weight_gradient, WeightGradient};
pub use sum::{sum_weights, SumWeights};
