//! Batch normalisation in training, with the moments of the batch, and its gradients.

mod forward;
mod gradient;
#[cfg(test)]
mod tests;

pub use forward::{normalize, Normalize};
pub use gradient::{normalize_gradient, normalize_sums, NormalizeGradient, NormalizeSums, GRADIENT_SUMS};
