use super::factor::{input_stride, Factor, POINTS};
use crate::share::Share;
use gemm::{sum_outer_products, Pixels, Sums, COLUMNS};
use operands::operands;

operands! {
    /// For each point, the sum of outer products over some transformed pieces, added to the sum over earlier pieces.
    pub struct WinogradProducts {
        /// Written by `winograd_factor`, as are the gradients.
        pub inputs: *const f32,
        pub gradients: *const f32,
        /// `[point][panel][channel][8]`.
        pub sums: *mut f32,
        pub channels: usize,
        pub columns: usize,
        /// Pieces before these.
        pub first: usize,
        pub count: usize,
    }
}

/// Computes this thread's share.
///
/// # Safety
/// The buffers must be valid for the sizes that `p` names.
#[inline(never)]
pub unsafe fn winograd_products(p: &WinogradProducts, share: Share) {
    let panels = p.columns.div_ceil(COLUMNS);
    let [input_plane, gradient_plane] =
        [Factor::Input.plane(p.channels, p.count), Factor::Gradient.plane(p.columns, p.count)];
    let pixels = Pixels { pieces: 1, length: p.count, step: input_stride(p.channels), gap: 0, output_gap: 0 };
    for unit in share.of(POINTS * panels) {
        let (point, panel) = (unit / panels, unit % panels);
        let right = p.gradients.add(point * gradient_plane + panel * p.count * COLUMNS);
        let left = p.inputs.add(point * input_plane);
        let target = p.sums.add(unit * p.channels * COLUMNS);
        sum_outer_products(left, right, pixels, Sums { target, rows: p.channels, add: p.first > 0 });
    }
}
