//! The kernels of the operations on NHWC buffers, one file each. Every kernel can do one thread's share.
//!
//! Each kernel cuts its work into units by the *shape* alone, and a [`Share`] names the units of one
//! thread, so the bits of the result do not depend on the number of threads.
//!
//! `#[inline(never)]` marks the functions that take time. An engine starts with a slow version of a function, optimises
//! long-running ones in the background, and switches at the next call. Inlined into one another, the kernels would be
//! one function that takes long to optimise and that the first run of a network does not leave.

mod argmax;
mod axis;
mod batch_norm;
mod conv2d;
mod conv_shape;
mod copy;
mod elementwise;
mod lanes;
mod lines;
mod moments;
mod normalize;
mod pack_panels;
mod pool2d;
mod pool2d_gradient;
mod reduce;
mod share;
mod softmax;
pub mod weight_gradient;
mod weighted_sum;
pub mod winograd;

pub use argmax::{argmax, Argmax};
pub use axis::Axis;
pub use batch_norm::{scale_shift, ScaleShift};
pub use conv2d::{conv2d, conv2d_scratch, Conv2d, ROW_POINTERS};
pub use conv_shape::ConvShape;
pub use copy::{copy, fill, Copy, Fill, RANK};
pub use elementwise::{binary, unary, Binary, BinaryKind, Unary, UnaryKind};
pub use gemm::{Activation, Epilogue, PanelSource, COLUMNS, MOST_ROWS};
pub use moments::{block_moments, moments, BlockMoments, Moments, MOMENT_PARTS};
pub use normalize::{
    normalize, normalize_gradient, normalize_sums, Normalize, NormalizeGradient, NormalizeSums, GRADIENT_SUMS,
};
pub use pack_panels::{pack_panels, PackPanels};
pub use pool2d::{pool2d, Pool2d, PoolKind};
pub use pool2d_gradient::{pool2d_gradient, Pool2dGradient};
pub use reduce::{reduce, Reduce, ReduceKind};
pub use share::Share;
pub use simd::LANES;
pub use softmax::{log_softmax, softmax, Softmax};
pub use weight_gradient::{sum_weights, weight_gradient, SumWeights, WeightGradient};
pub use weighted_sum::{weighted_sum, WeightedSum, TERMS};
pub use winograd::{
    winograd_factor, winograd_input, winograd_output, winograd_products, winograd_scratch, winograd_taps,
    winograd_weights, Factor, Filtering, WeightForm, WinogradFactor, WinogradInput, WinogradOutput, WinogradProducts,
    WinogradTaps, WinogradWeights,
};
