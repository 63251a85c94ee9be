//! The gradient of the weights, F(3x3, 4x4): nine taps from 36 instead of 144 products for every 4x4 outputs.
//!
//! `taps = A' [sum over pieces of (B' d B) * (G e G')] A` with `d` 6x6 of the input, the pieces of F(4x4, 3x3), and `e`
//! the gradient of their 4x4 outputs. The points are the same, so `B'` is too, `G` has a column more and `A'` a row
//! less. For each point the sum is that of outer products, as [`gemm::sum_outer_products`] takes them.

use crate::lanes::load;
use crate::share::Share;
use crate::winograd::lines::{Lines, F4};
use crate::winograd::GAP;
use gemm::{sum_outer_products, Pixels, Sums, COLUMNS};
use simd::{F32x4, LANES};
use std::f32::consts::{FRAC_1_SQRT_2, SQRT_2};
use std::ops::Range;

const SIZE: usize = 6;
const POINTS: usize = SIZE * SIZE;
const OUTPUT: usize = 4;

/// Which of the factors pieces are transformed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Factor {
    /// 6x6 of the input, to `[point][piece][channels]`, pieces some values further apart than that.
    Input,
    /// 4x4 of the output's gradient, to `[point][channels in eights][piece][8]`.
    Gradient,
}

/// Between pieces: without it they lie powers of two apart and fight for the same cache lines.
const PIECE_GAP: usize = 8;

impl Factor {
    /// Where a channel of a piece lies, from the first of its point.
    fn at(self, channel: usize, channels: usize, piece: usize, pieces: usize) -> usize {
        match self {
            Factor::Input => piece * input_stride(channels) + channel,
            Factor::Gradient => (channel / COLUMNS * pieces + piece) * COLUMNS + channel % COLUMNS,
        }
    }

    /// Values from one point to the next.
    fn plane(self, channels: usize, pieces: usize) -> usize {
        match self {
            Factor::Input => input_stride(channels) * pieces + GAP,
            Factor::Gradient => channels.next_multiple_of(COLUMNS) * pieces + GAP,
        }
    }
}

/// Values from one piece of the input to the next.
fn input_stride(channels: usize) -> usize {
    channels.next_multiple_of(LANES) + PIECE_GAP
}

/// The pieces `first .. first + count` of `[batch, height, width, channels]`, to be transformed.
#[derive(Clone, Copy)]
pub struct WinogradFactor {
    pub factor: Factor,
    pub source: *const f32,
    pub transformed: *mut f32,
    /// Of the source, as the channels.
    pub height: usize,
    pub width: usize,
    pub channels: usize,
    /// Rows above and columns to the left; none around gradients.
    pub padding: [isize; 2],
    /// Pieces of an image, down and across.
    pub pieces: [usize; 2],
    pub first: usize,
    pub count: usize,
}

/// Transforms this thread's share.
///
/// # Safety
/// The buffers must be valid for the sizes that `p` names.
#[inline(never)]
pub unsafe fn winograd_factor(p: &WinogradFactor, share: Share) {
    match p.factor {
        Factor::Input => transform_pieces::<SIZE>(p, share, F4::input),
        Factor::Gradient => transform_pieces::<OUTPUT>(p, share, gradient_line),
    }
}

/// `G e`.
#[inline(always)]
fn gradient_line(e: [F32x4; OUTPUT]) -> [F32x4; SIZE] {
    let (half, two) = (F32x4::splat(0.5), F32x4::splat(2.0));
    let near = e[0].add_product(e[2], half) * F32x4::splat(-2.0 / 3.0);
    let slope = e[1].add_product(e[3], half) * F32x4::splat(-SQRT_2 / 3.0);
    let far = e[0].add_product(e[2], two) * F32x4::splat(1.0 / 6.0);
    let steep = e[1].add_product(e[3], two) * F32x4::splat(SQRT_2 / 6.0);
    [e[0], near + slope, near - slope, far + steep, far - steep, e[3]]
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

#[inline(always)]
unsafe fn transform_pieces<const EDGE: usize>(
    p: &WinogradFactor,
    share: Share,
    line: impl Fn([F32x4; EDGE]) -> [F32x4; SIZE],
) {
    let plane = p.factor.plane(p.channels, p.count);
    let zeros = vec![0.0; EDGE * p.channels];
    for piece in share.of(p.count) {
        let (row, px) = ((p.first + piece) / p.pieces[1], (p.first + piece) % p.pieces[1]);
        let (image, py) = (row / p.pieces[0], row % p.pieces[0]);
        let base = p.source.add(image * p.height * p.width * p.channels);
        // Where the piece lies in the image, and which part of it is inside.
        let top = (py * OUTPUT) as isize - p.padding[0];
        let left = (px * OUTPUT) as isize - p.padding[1];
        let (ys, xs) = (inside::<EDGE>(top, p.height), inside::<EDGE>(left, p.width));
        let lines: [*const f32; EDGE] = std::array::from_fn(|y| {
            let start = (top + y as isize) * p.width as isize + left;
            if ys.contains(&y) {
                base.wrapping_offset(start * p.channels as isize)
            } else {
                zeros.as_ptr()
            }
        });
        for channel in (0..p.channels).step_by(LANES) {
            let lanes = LANES.min(p.channels - channel);
            let mut columns = [[F32x4::zero(); SIZE]; EDGE];
            for x in 0..EDGE {
                if xs.contains(&x) {
                    let at = x * p.channels + channel;
                    columns[x] = line(std::array::from_fn(|y| load(lines[y].wrapping_add(at), lanes)));
                }
            }
            let target = p.transformed.add(p.factor.at(channel, p.channels, piece, p.count));
            for y in 0..SIZE {
                for (x, value) in line(std::array::from_fn(|x| columns[x][y])).iter().enumerate() {
                    value.store(target.add((y * SIZE + x) * plane));
                }
            }
        }
        // A panel is multiplied to its end, though the rest is not used.
        if p.factor == Factor::Gradient {
            for channel in (p.channels.next_multiple_of(LANES)..p.channels.next_multiple_of(COLUMNS)).step_by(LANES) {
                let at = p.factor.at(channel, p.channels, piece, p.count);
                for point in 0..POINTS {
                    F32x4::zero().store(p.transformed.add(at + point * plane));
                }
            }
        }
    }
}

fn inside<const EDGE: usize>(start: isize, size: usize) -> Range<usize> {
    let clamp = |at: isize| at.clamp(0, EDGE as isize) as usize;
    clamp(-start)..clamp(size as isize - start)
}

/// For each point, the sum of outer products over some transformed pieces, added to that over the pieces before.
#[derive(Clone, Copy)]
pub struct WinogradProducts {
    /// As [`winograd_factor`] writes them.
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

/// The weights' gradient from the sums of all pieces.
#[derive(Clone, Copy)]
pub struct WinogradTaps {
    pub sums: *const f32,
    /// `[columns, channels, 3, 3]`.
    pub output: *mut f32,
    pub channels: usize,
    pub columns: usize,
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

#[cfg(test)]
mod tests {
    use super::*;

    struct Case {
        batch: usize,
        size: [usize; 2],
        padding: [isize; 2],
        channels: usize,
        columns: usize,
    }

    fn values(count: usize, seed: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * 7919 + seed * 13) % 19) as f32 / 8.0 - 1.0).collect()
    }

    fn output_size(c: &Case) -> [usize; 2] {
        std::array::from_fn(|axis| c.size[axis].wrapping_add_signed(2 * c.padding[axis]) - 2)
    }

    fn naive(c: &Case, x: &[f32], dy: &[f32]) -> Vec<f32> {
        let [oh, ow] = output_size(c);
        let mut dw = vec![0.0; c.columns * c.channels * 9];
        for (i, sum) in dw.iter_mut().enumerate() {
            let (o, channel, tap) = (i / 9 / c.channels, i / 9 % c.channels, i % 9);
            for pixel in 0..c.batch * oh * ow {
                let (n, y, left) = (pixel / (oh * ow), pixel / ow % oh, pixel % ow);
                let iy = (y + tap / 3).wrapping_add_signed(-c.padding[0]);
                let ix = (left + tap % 3).wrapping_add_signed(-c.padding[1]);
                if iy < c.size[0] && ix < c.size[1] {
                    *sum +=
                        x[((n * c.size[0] + iy) * c.size[1] + ix) * c.channels + channel] * dy[pixel * c.columns + o];
                }
            }
        }
        dw
    }

    fn run(c: &Case, x: &[f32], dy: &[f32], block: usize, threads: usize) -> Vec<f32> {
        let [oh, ow] = output_size(c);
        let pieces = [oh.div_ceil(OUTPUT), ow.div_ceil(OUTPUT)];
        let all = c.batch * pieces[0] * pieces[1];
        let mut inputs = vec![f32::NAN; POINTS * Factor::Input.plane(c.channels, block)];
        let mut gradients = vec![f32::NAN; POINTS * Factor::Gradient.plane(c.columns, block)];
        let mut sums = vec![f32::NAN; POINTS * c.columns.div_ceil(COLUMNS) * c.channels * COLUMNS];
        let mut output = vec![f32::NAN; c.columns * c.channels * 9];
        let shares = || (0..threads).map(|thread| Share { thread, threads });
        for first in (0..all).step_by(block) {
            let count = block.min(all - first);
            let p = WinogradFactor {
                factor: Factor::Input,
                source: x.as_ptr(),
                transformed: inputs.as_mut_ptr(),
                height: c.size[0],
                width: c.size[1],
                channels: c.channels,
                padding: c.padding,
                pieces,
                first,
                count,
            };
            shares().for_each(|share| unsafe { winograd_factor(&p, share) });
            let p = WinogradFactor {
                factor: Factor::Gradient,
                source: dy.as_ptr(),
                transformed: gradients.as_mut_ptr(),
                height: oh,
                width: ow,
                channels: c.columns,
                padding: [0, 0],
                ..p
            };
            shares().for_each(|share| unsafe { winograd_factor(&p, share) });
            let p = WinogradProducts {
                inputs: inputs.as_ptr(),
                gradients: gradients.as_ptr(),
                sums: sums.as_mut_ptr(),
                channels: c.channels,
                columns: c.columns,
                first,
                count,
            };
            shares().for_each(|share| unsafe { winograd_products(&p, share) });
        }
        let p =
            WinogradTaps { sums: sums.as_ptr(), output: output.as_mut_ptr(), channels: c.channels, columns: c.columns };
        shares().for_each(|share| unsafe { winograd_taps(&p, share) });
        output
    }

    #[test]
    fn equals_the_naive_loops_for_any_number_of_threads() {
        let cases = [
            Case { batch: 1, size: [4, 4], padding: [1, 1], channels: 1, columns: 1 },
            Case { batch: 2, size: [7, 9], padding: [1, 1], channels: 6, columns: 11 },
            Case { batch: 1, size: [3, 8], padding: [0, 0], channels: 4, columns: 8 },
            Case { batch: 1, size: [9, 12], padding: [-1, 0], channels: 4, columns: 8 },
            Case { batch: 3, size: [8, 5], padding: [2, 1], channels: 33, columns: 40 },
        ];
        for (index, c) in cases.iter().enumerate() {
            let [oh, ow] = output_size(c);
            let x = values(c.batch * c.size[0] * c.size[1] * c.channels, 1);
            let dy = values(c.batch * oh * ow * c.columns, 2);
            let want = naive(c, &x, &dy);
            for block in [5, 1000] {
                let one = run(c, &x, &dy, block, 1);
                for (i, (got, want)) in one.iter().zip(&want).enumerate() {
                    let allowed = 1e-5 * (c.batch * oh * ow) as f32;
                    assert!((got - want).abs() < allowed, "case {index} at {i}: {got}, not {want}");
                }
                for threads in [2, 3] {
                    assert_eq!(run(c, &x, &dy, block, threads), one, "case {index}, {threads} threads");
                }
            }
        }
    }
}
