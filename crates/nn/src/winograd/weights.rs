use super::lines::{Lines, F2, F4};
use super::Filtering;
use crate::share::Share;
use gemm::COLUMNS;

/// 3x3 weights to be transformed.
#[derive(Clone, Copy)]
pub struct WinogradWeights {
    pub filtering: Filtering,
    pub weights: *const f32,
    /// `[point][panel][channel][8]`.
    pub packed: *mut f32,
    pub channels: usize,
    pub columns: usize,
    pub column_stride: usize,
    pub channel_stride: usize,
    /// Negative where the kernel is to be turned round.
    pub tap_strides: [isize; 2],
}

/// Transforms and packs this thread's share.
///
/// # Safety
/// The buffers must be valid for the sizes that `p` names.
pub unsafe fn winograd_weights(p: &WinogradWeights, share: Share) {
    match p.filtering {
        Filtering::F2 => pack_weights::<F2, 4, 2>(p, share),
        Filtering::F4 => pack_weights::<F4, 6, 4>(p, share),
    }
}

unsafe fn pack_weights<F: Lines<INPUT, OUTPUT>, const INPUT: usize, const OUTPUT: usize>(
    p: &WinogradWeights,
    share: Share,
) {
    let panels = p.columns.div_ceil(COLUMNS);
    let plane = panels * p.channels * COLUMNS;
    for index in share.of(panels * p.channels) {
        let (panel, channel) = (index / p.channels, index % p.channels);
        for lane in 0..COLUMNS {
            let column = panel * COLUMNS + lane;
            let mut rows = [[0.0; INPUT]; INPUT];
            if column < p.columns {
                let kernel = p.weights.add(column * p.column_stride + channel * p.channel_stride);
                let tap = |y: usize, x: usize| {
                    *kernel.offset(y as isize * p.tap_strides[0] + x as isize * p.tap_strides[1]) as f64
                };
                let columns: [[f64; INPUT]; 3] = std::array::from_fn(|x| F::kernel(std::array::from_fn(|y| tap(y, x))));
                rows = std::array::from_fn(|y| F::kernel(std::array::from_fn(|x| columns[x][y])));
            }
            for (point, value) in rows.as_flattened().iter().enumerate() {
                *p.packed.add(point * plane + index * COLUMNS + lane) = *value as f32;
            }
        }
    }
}
