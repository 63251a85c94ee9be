use super::filtering::{Filtering, GAP};
use super::lines::{Lines, F2, F4};
use crate::share::Share;
use gemm::{fetch, COLUMNS};
use operands::operands;
use simd::{F32x4, LANES};

operands! {
    /// Transforms 3x3 weights and packs a set of panels for each point.
    pub struct WinogradWeights {
        pub filtering: Filtering,
        pub source: *const f32,
        /// `[point][panel][channel][8]`, with 16 values between points.
        pub packed: *mut f32,
        pub channels: usize,
        pub columns: usize,
        pub column_stride: usize,
        pub channel_stride: usize,
        /// Negative to rotate the kernel by 180 degrees.
        pub tap_strides: [isize; 2],
    }
}

/// Values from the transformed weights of one point to those of the next.
pub(super) fn weights_stride(panels: usize, channels: usize) -> usize {
    panels * channels * COLUMNS + GAP
}

/// Transforms and packs this thread's share.
///
/// # Safety
/// The buffers must be valid for the sizes that `p` names.
pub unsafe fn winograd_weights(p: &WinogradWeights, share: Share) {
    match p.filtering {
        Filtering::F2 => transform_rows::<F2, 4, 2>(p, share),
        Filtering::F4 => transform_rows::<F4, 6, 4>(p, share),
    }
}

#[inline(never)]
unsafe fn transform_rows<F: Lines<INPUT, OUTPUT>, const INPUT: usize, const OUTPUT: usize>(
    p: &WinogradWeights,
    share: Share,
) {
    let panels = p.columns.div_ceil(COLUMNS);
    let stride = weights_stride(panels, p.channels);
    for index in share.of(panels * p.channels) {
        let (panel, channel) = (index / p.channels, index % p.channels);
        for half in 0..COLUMNS / LANES {
            let first = panel * COLUMNS + half * LANES;
            let corner = p.source.add(first * p.column_stride + channel * p.channel_stride);
            let kernels = std::array::from_fn(|tap| {
                let tap = (tap / 3) as isize * p.tap_strides[0] + (tap % 3) as isize * p.tap_strides[1];
                let mut lanes = [0.0; LANES];
                for (lane, value) in lanes.iter_mut().enumerate().take(p.columns.saturating_sub(first)) {
                    *value = *corner.offset(tap).add(lane * p.column_stride);
                }
                F32x4::load(lanes.as_ptr())
            });
            let target = p.packed.add(index * COLUMNS + half * LANES);
            transform_kernels::<F, INPUT, OUTPUT>(kernels, target, stride);
        }
    }
}

/// Transforms one panel of `[panel][tap][channel][8]` into `[point][channel][8]`, planes `stride` values apart.
#[inline(never)]
pub(super) unsafe fn transform_panel<F: Lines<INPUT, OUTPUT>, const INPUT: usize, const OUTPUT: usize>(
    panels: *const f32,
    panel: usize,
    channels: usize,
    target: *mut f32,
    stride: usize,
) {
    let tap_stride = channels * COLUMNS;
    let source = panels.add(panel * 9 * tap_stride);
    fetch(source, 9 * tap_stride);
    for at in (0..tap_stride).step_by(LANES) {
        let kernels = std::array::from_fn(|tap| F32x4::load(source.add(tap * tap_stride + at)));
        transform_kernels::<F, INPUT, OUTPUT>(kernels, target.add(at), stride);
    }
}

/// `G g G'` of four kernels, given by their taps, written to the planes.
#[inline(always)]
unsafe fn transform_kernels<F: Lines<INPUT, OUTPUT>, const INPUT: usize, const OUTPUT: usize>(
    kernels: [F32x4; 9],
    target: *mut f32,
    stride: usize,
) {
    let columns: [[F32x4; INPUT]; 3] = std::array::from_fn(|x| F::kernel(std::array::from_fn(|y| kernels[y * 3 + x])));
    for y in 0..INPUT {
        let row = F::kernel(std::array::from_fn(|x| columns[x][y]));
        for (x, value) in row.iter().enumerate() {
            value.store(target.add((y * INPUT + x) * stride));
        }
    }
}
