use super::factor::SIZE;
use crate::share::Share;
use gemm::COLUMNS;
use operands::operands;
use simd::{F32x4, LANES};
use std::f32::consts::{FRAC_1_SQRT_2, SQRT_2};

operands! {
    /// The gradient of the weights, from the sums over all pieces.
    pub struct WinogradTaps {
        pub sums: *const f32,
        /// `[columns, channels, 3, 3]`.
        pub output: *mut f32,
        pub channels: usize,
        pub columns: usize,
    }
}

/// Computes this thread's share.
///
/// # Safety
/// The buffers must be valid for the sizes that `p` names.
#[inline(never)]
pub unsafe fn winograd_taps(p: &WinogradTaps, share: Share) {
    let plane = p.columns.div_ceil(COLUMNS) * p.channels * COLUMNS;
    for column in share.of(p.columns.div_ceil(LANES)) {
        let (first, lanes) = (column * LANES, LANES.min(p.columns - column * LANES));
        let source = p.sums.add(first / COLUMNS * p.channels * COLUMNS + first % COLUMNS);
        for channel in 0..p.channels {
            let source = source.add(channel * COLUMNS);
            let columns: [[F32x4; 3]; SIZE] = std::array::from_fn(|x| {
                tap_line(std::array::from_fn(|y| F32x4::load(source.add((y * SIZE + x) * plane))))
            });
            for y in 0..3 {
                for (x, tap) in tap_line(std::array::from_fn(|x| columns[x][y])).iter().enumerate() {
                    for (lane, value) in tap.to_array().iter().enumerate().take(lanes) {
                        *p.output.add(((first + lane) * p.channels + channel) * 9 + y * 3 + x) = *value;
                    }
                }
            }
        }
    }
}

/// `A' m`.
#[inline(always)]
fn tap_line(m: [F32x4; SIZE]) -> [F32x4; 3] {
    let (near, far) = (m[1] + m[2], m[3] + m[4]);
    let (slope, steep) = (m[1] - m[2], m[3] - m[4]);
    [
        m[0] + near + far,
        (slope * F32x4::splat(FRAC_1_SQRT_2)).add_product(steep, F32x4::splat(SQRT_2)),
        m[5].add_product(near, F32x4::splat(0.5)).add_product(far, F32x4::splat(2.0)),
    ]
}
