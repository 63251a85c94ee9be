mod forward;

pub use forward::{normalize, normalize_gradient, normalize_sums, Normalize, NormalizeGradient, NormalizeSums};
