use crate::lanes::load;
use crate::lines::Lines;
use crate::share::Share;
use operands::operands;
use simd::{F32x4, LANES};

/// Sums of products over the rows of a block, for each channel.
pub(crate) struct BlockSums {
    lines: Lines,
    /// Two sums for every value of a line.
    sums: Vec<f32>,
}

/// Lines that are added before the sums are written back.
const UNROLL: usize = 4;

impl BlockSums {
    pub fn new(lines: Lines) -> BlockSums {
        BlockSums { lines, sums: vec![0.0; 2 * lines.width] }
    }

    /// For every channel, over `rows` rows, the sums of `a` and of `a * b`. `terms(at, column, lanes)` returns `a` and
    /// `b` for the values at `at`, in column `column` of their line; `write(channel, sums)` stores the sums.
    ///
    /// # Safety
    /// `terms` is called for all values of the rows.
    #[inline(always)]
    pub unsafe fn of(
        &mut self,
        rows: usize,
        terms: impl Fn(usize, usize, usize) -> (F32x4, F32x4),
        mut write: impl FnMut(usize, [f64; 2]),
    ) {
        let Lines { channels, width, .. } = self.lines;
        self.sums.fill(0.0);
        let sums = self.sums.as_mut_ptr();
        let count = rows * channels;
        let mut start = 0;
        while start + UNROLL * width <= count {
            for column in (0..width).step_by(LANES) {
                let (first, second) = (sums.add(column), sums.add(width + column));
                let (mut a_sum, mut product_sum) = (F32x4::load(first), F32x4::load(second));
                for line in 0..UNROLL {
                    let (a, b) = terms(start + line * width + column, column, LANES);
                    a_sum = a_sum + a;
                    product_sum = product_sum.add_product(a, b);
                }
                a_sum.store(first);
                product_sum.store(second);
            }
            start += UNROLL * width;
        }
        while start < count {
            let values = width.min(count - start);
            for column in (0..values).step_by(LANES) {
                let lanes = LANES.min(values - column);
                let (mut a, b) = terms(start + column, column, lanes);
                if lanes < LANES {
                    a = F32x4::load_partial(a.to_array().as_ptr(), lanes);
                }
                let (first, second) = (sums.add(column), sums.add(width + column));
                (F32x4::load(first) + a).store(first);
                F32x4::load(second).add_product(a, b).store(second);
            }
            start += width;
        }
        for channel in 0..channels {
            let total = |sums: &[f32]| sums[channel..].iter().step_by(channels).map(|sum| *sum as f64).sum();
            let (first, second) = self.sums.split_at(width);
            write(channel, [total(first), total(second)]);
        }
    }
}

/// Values that [`block_moments`] writes for a channel of a block: one input value, the distance of the mean from it,
/// and the sum of squared deviations from the mean. One `f32` cannot hold a large mean and its last digits.
pub const MOMENT_PARTS: usize = 3;

operands! {
    /// Every channel's mean, in two parts, and sum of squared deviations for each block of rows of `[rows, channels]`.
    pub struct BlockMoments {
        pub input: *const f32,
        /// `[blocks, 3, channels]`.
        pub partials: *mut f32,
        pub rows: usize,
        pub channels: usize,
        /// Rows in a block; the last block may have fewer.
        pub block: usize,
    }
}

/// Computes this thread's share of the blocks.
///
/// # Safety
/// The buffers must be valid for the sizes that `p` names.
#[inline(never)]
pub unsafe fn block_moments(p: &BlockMoments, share: Share) {
    let lines = Lines::of(p.channels);
    let mut sums = BlockSums::new(lines);
    let mut shift = vec![0.0; lines.width];
    for block in share.of(p.rows.div_ceil(p.block)) {
        let rows = p.block.min(p.rows - block * p.block);
        let input = p.input.add(block * p.block * p.channels);
        // Deviations from a row of the block: sums of plain squares lose all digits if the mean is large.
        lines.fill(&mut shift, |channel| *input.add(channel));
        let terms = |at, column, lanes| {
            let deviation = load(input.add(at), lanes) - F32x4::load(shift.as_ptr().add(column));
            (deviation, deviation)
        };
        let partials = p.partials.add(block * MOMENT_PARTS * p.channels);
        sums.of(rows, terms, |channel, [sum, squares]| {
            let apart = sum / rows as f64;
            let parts = [shift[channel], apart as f32, (squares - sum * apart).max(0.0) as f32];
            for (part, value) in parts.iter().enumerate() {
                *partials.add(part * p.channels + channel) = *value;
            }
        });
    }
}

operands! {
    /// Mean and biased variance of every channel from those of the blocks (Chan, Golub and LeVeque 1979).
    pub struct Moments {
        /// Written by `block_moments`.
        pub partials: *const f32,
        /// `[2, channels]`: means, then variances.
        pub output: *mut f32,
        pub rows: usize,
        pub channels: usize,
        pub block: usize,
    }
}

/// Computes this thread's share of the channels.
///
/// # Safety
/// The buffers must be valid for the sizes that `p` names.
#[inline(never)]
pub unsafe fn moments(p: &Moments, share: Share) {
    let blocks = p.rows.div_ceil(p.block);
    for channel in share.of(p.channels) {
        // Rows, mean and squares of each block.
        let parts = (0..blocks).map(|block| {
            let part = |part: usize| *p.partials.add((block * MOMENT_PARTS + part) * p.channels + channel) as f64;
            (p.block.min(p.rows - block * p.block) as f64, part(0) + part(1), part(2))
        });
        let rows = p.rows as f64;
        let mean = parts.clone().map(|(rows, mean, _)| rows * mean).sum::<f64>() / rows;
        let apart = |block_mean: f64| (block_mean - mean) * (block_mean - mean);
        let squares = parts.map(|(rows, block_mean, squares)| squares + rows * apart(block_mean)).sum::<f64>();
        *p.output.add(channel) = mean as f32;
        *p.output.add(p.channels + channel) = (squares / rows) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(x: &[f32], channels: usize, block: usize, threads: usize) -> Vec<f32> {
        let rows = x.len() / channels;
        let mut partials = vec![f32::NAN; rows.div_ceil(block) * MOMENT_PARTS * channels];
        let mut output = vec![f32::NAN; 2 * channels];
        let shares = || (0..threads).map(|thread| Share { thread, threads });
        let p = BlockMoments { input: x.as_ptr(), partials: partials.as_mut_ptr(), rows, channels, block };
        shares().for_each(|share| unsafe { block_moments(&p, share) });
        let p = Moments { partials: partials.as_ptr(), output: output.as_mut_ptr(), rows, channels, block };
        shares().for_each(|share| unsafe { moments(&p, share) });
        output
    }

    #[test]
    fn mean_and_variance_of_every_channel_for_any_number_of_threads() {
        for channels in [1, 3, 4, 10, 16, 66, 130] {
            for (rows, mean) in [(1, 0.0), (2, 3.0), (37, -1.0), (333, 1e4)] {
                let x: Vec<f32> = (0..rows * channels).map(|i| mean + ((i * 7919) % 101) as f32 / 32.0 - 1.5).collect();
                let got = run(&x, channels, 48, 1);
                for channel in 0..channels {
                    let values: Vec<f64> = x[channel..].iter().step_by(channels).map(|x| *x as f64).collect();
                    let mean = values.iter().sum::<f64>() / rows as f64;
                    let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / rows as f64;
                    let close = |got: f32, want: f64| (got as f64 - want).abs() <= 2e-6 * want.abs();
                    let (got_mean, got_variance) = (got[channel], got[channels + channel]);
                    let context = format!("channel {channel} of {channels}, {rows} rows around {mean}");
                    assert!((got_mean as f64 - mean).abs() <= 2e-7 * (mean.abs() + 2.0), "{context}: {got_mean}");
                    assert!(close(got_variance, variance), "{context}: {got_variance}, not {variance}");
                }
                for threads in 2..4 {
                    assert_eq!(run(&x, channels, 48, threads), got);
                }
            }
        }
    }
}
