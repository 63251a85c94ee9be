//! Winograd's minimal filtering (Lavin and Gray 2015) for 3x3 convolutions of stride 1: F(4x4, 3x3) takes 36 instead of
//! 144 products for every 4x4 outputs, F(2x2, 3x3) 16 instead of 36 for every 2x2.
//!
//! `output = A' [(G g G') * (B' d B)] A` with d a piece of the input and g the kernel; over many pieces and channels
//! the product in the middle is one matrix product for each of its 36 or 16 points. The pieces are transformed into
//! `[point][piece][channel]`, so that each of them is a product of rows and packed panels.

use crate::share::Share;
use gemm::{multiply_tile, Activation, Epilogue, Target, COLUMNS, ROWS};
use simd::{F32x4, LANES};
use std::f32::consts::{FRAC_1_SQRT_2, SQRT_2};
use std::ops::Range;

/// Which of the filterings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filtering {
    /// Pieces of 4x4 inputs and 2x2 outputs.
    F2,
    /// Pieces of 6x6 inputs and 4x4 outputs.
    F4,
}

/// The three transforms of a filtering, along one line; pieces are transformed down, then across.
trait Lines<const INPUT: usize, const OUTPUT: usize> {
    /// `G g`, in double precision, so that weights are rounded once.
    fn kernel(g: [f64; 3]) -> [f64; INPUT];
    /// `B' d`.
    fn input(d: [F32x4; INPUT]) -> [F32x4; INPUT];
    /// `A' m`.
    fn output(m: [F32x4; INPUT]) -> [F32x4; OUTPUT];
}

/// F(2, 3) at the points 0, 1, -1 and infinity.
struct F2;

impl Lines<4, 2> for F2 {
    fn kernel([a, b, c]: [f64; 3]) -> [f64; 4] {
        [a, (a + b + c) / 2.0, (a - b + c) / 2.0, c]
    }

    #[inline(always)]
    fn input(d: [F32x4; 4]) -> [F32x4; 4] {
        [d[0] - d[2], d[1] + d[2], d[2] - d[1], d[1] - d[3]]
    }

    #[inline(always)]
    fn output(m: [F32x4; 4]) -> [F32x4; 2] {
        [m[0] + m[1] + m[2], m[1] - m[2] - m[3]]
    }
}

/// F(4, 3) at the points 0, +-1/sqrt 2, +-sqrt 2 and infinity: the usual 0, +-1, +-2 and infinity need a few
/// multiplications less and lose twice the precision.
struct F4;

impl Lines<6, 4> for F4 {
    fn kernel([a, b, c]: [f64; 3]) -> [f64; 6] {
        let (near, far) = (-(2.0 * a + c) / 3.0, (a + 2.0 * c) / 6.0);
        let (slope, steep) = (b * std::f64::consts::SQRT_2 / 3.0, b * std::f64::consts::SQRT_2 / 6.0);
        [a, near - slope, near + slope, far + steep, far - steep, c]
    }

    #[inline(always)]
    fn input(d: [F32x4; 6]) -> [F32x4; 6] {
        let middle = F32x4::splat(-2.5);
        let (small, large) = (F32x4::splat(FRAC_1_SQRT_2), F32x4::splat(SQRT_2));
        let even_near = d[4].add_product(d[2], F32x4::splat(-2.0));
        let even_far = d[4].add_product(d[2], F32x4::splat(-0.5));
        let odd_near = (d[3] * small).add_product(d[1], F32x4::splat(-SQRT_2));
        let odd_far = (d[3] * large).add_product(d[1], F32x4::splat(-FRAC_1_SQRT_2));
        [
            (d[0] + d[4]).add_product(d[2], middle),
            even_near + odd_near,
            even_near - odd_near,
            even_far + odd_far,
            even_far - odd_far,
            (d[1] + d[5]).add_product(d[3], middle),
        ]
    }

    #[inline(always)]
    fn output(m: [F32x4; 6]) -> [F32x4; 4] {
        let (near, far) = (m[1] + m[2], m[3] + m[4]);
        let (slope, steep) = (m[1] - m[2], m[3] - m[4]);
        [
            m[0] + near + far,
            (slope * F32x4::splat(FRAC_1_SQRT_2)).add_product(steep, F32x4::splat(SQRT_2)),
            (near * F32x4::splat(0.5)).add_product(far, F32x4::splat(2.0)),
            m[5].add_product(slope, F32x4::splat(SQRT_2 / 4.0)).add_product(steep, F32x4::splat(2.0 * SQRT_2)),
        ]
    }
}

/// Pieces and panels of one unit of work: its products, at most 36 x 16 x 32 values, stay in the second-level cache.
const UNIT_PIECES: usize = 16;
const UNIT_PANELS: usize = 4;
/// Channels of one unit of the input's transform.
const UNIT_CHANNELS: usize = 32;

/// Between the planes of the points: without it they lie powers of two apart and fight for the same cache lines.
const PLANE_GAP: usize = 16;

/// Values from one plane of transformed input to the next.
fn plane_stride(pieces: usize, channels: usize) -> usize {
    pieces * channels + PLANE_GAP
}

/// 3x3 weights to be transformed.
#[derive(Clone, Copy)]
pub struct WinogradWeights {
    pub filtering: Filtering,
    /// `[columns, channels, 3, 3]`.
    pub weights: *const f32,
    /// `[point][panel][channel][8]`.
    pub packed: *mut f32,
    pub channels: usize,
    pub columns: usize,
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
                let kernel = p.weights.add((column * p.channels + channel) * 9);
                let columns: [[f64; INPUT]; 3] =
                    std::array::from_fn(|x| F::kernel(std::array::from_fn(|y| *kernel.add(y * 3 + x) as f64)));
                rows = std::array::from_fn(|y| F::kernel(std::array::from_fn(|x| columns[x][y])));
            }
            for (point, value) in rows.as_flattened().iter().enumerate() {
                *p.packed.add(point * plane + index * COLUMNS + lane) = *value as f32;
            }
        }
    }
}

/// The pieces `first .. first + count` of `[batch, height, width, channels]`, to be transformed.
#[derive(Clone, Copy)]
pub struct WinogradInput {
    pub filtering: Filtering,
    pub input: *const f32,
    /// `[point][count][channels]`, planes 16 values further apart than that.
    pub transformed: *mut f32,
    pub height: usize,
    pub width: usize,
    pub channels: usize,
    /// Rows above and columns to the left.
    pub padding: [usize; 2],
    /// Pieces of a picture, down and across.
    pub pieces: [usize; 2],
    pub first: usize,
    pub count: usize,
}

/// Transforms this thread's share.
///
/// # Safety
/// The buffers must be valid for the sizes that `p` names.
pub unsafe fn winograd_input(p: &WinogradInput, share: Share) {
    match p.filtering {
        Filtering::F2 => transform_pieces::<F2, 4, 2>(p, share),
        Filtering::F4 => transform_pieces::<F4, 6, 4>(p, share),
    }
}

unsafe fn transform_pieces<F: Lines<INPUT, OUTPUT>, const INPUT: usize, const OUTPUT: usize>(
    p: &WinogradInput,
    share: Share,
) {
    let chunks = p.channels.div_ceil(UNIT_CHANNELS);
    for unit in share.of(p.count * chunks) {
        let (piece, chunk) = (unit / chunks, unit % chunks);
        let (row, px) = ((p.first + piece) / p.pieces[1], (p.first + piece) % p.pieces[1]);
        let (image, py) = (row / p.pieces[0], row % p.pieces[0]);
        let base = p.input.add(image * p.height * p.width * p.channels);
        // Where the piece lies in the picture, and which part of it is inside.
        let top = (py * OUTPUT) as isize - p.padding[0] as isize;
        let left = (px * OUTPUT) as isize - p.padding[1] as isize;
        let inside = |start: isize, size: usize| {
            let clamp = |at: isize| at.clamp(0, INPUT as isize) as usize;
            clamp(-start)..clamp(size as isize - start)
        };
        let (ys, xs) = (inside(top, p.height), inside(left, p.width));
        let channels = chunk * UNIT_CHANNELS..p.channels.min((chunk + 1) * UNIT_CHANNELS);
        for channel in channels.step_by(LANES) {
            let lanes = LANES.min(p.channels - channel);
            let mut values = [[F32x4::zero(); INPUT]; INPUT];
            for y in ys.clone() {
                let line = base.wrapping_offset((top + y as isize) * (p.width * p.channels) as isize);
                for x in xs.clone() {
                    let source = line.wrapping_offset((left + x as isize) * p.channels as isize).wrapping_add(channel);
                    values[y][x] =
                        if lanes == LANES { F32x4::load(source) } else { F32x4::load_partial(source, lanes) };
                }
            }
            let target = p.transformed.add(piece * p.channels + channel);
            transform_piece::<F, INPUT, OUTPUT>(values, target, plane_stride(p.count, p.channels), lanes);
        }
    }
}

/// `B' d B`, written to the planes.
#[inline(always)]
unsafe fn transform_piece<F: Lines<INPUT, OUTPUT>, const INPUT: usize, const OUTPUT: usize>(
    values: [[F32x4; INPUT]; INPUT],
    target: *mut f32,
    plane: usize,
    lanes: usize,
) {
    let columns: [[F32x4; INPUT]; INPUT] = std::array::from_fn(|x| F::input(std::array::from_fn(|y| values[y][x])));
    for y in 0..INPUT {
        let row = F::input(std::array::from_fn(|x| columns[x][y]));
        for (x, value) in row.iter().enumerate() {
            let to = target.add((y * INPUT + x) * plane);
            if lanes == LANES {
                value.store(to);
            } else {
                value.store_partial(to, lanes);
            }
        }
    }
}

/// The products of transformed pieces and weights, to be transformed back into `[batch, height, width, columns]`.
#[derive(Clone, Copy)]
pub struct WinogradOutput {
    pub filtering: Filtering,
    pub transformed: *const f32,
    pub weights: *const f32,
    pub epilogue: Epilogue,
    pub output: *mut f32,
    /// Of the output.
    pub height: usize,
    pub width: usize,
    pub channels: usize,
    pub columns: usize,
    pub pieces: [usize; 2],
    pub first: usize,
    pub count: usize,
}

/// Computes this thread's share.
///
/// # Safety
/// The buffers must be valid for the sizes that `p` names.
pub unsafe fn winograd_output(p: &WinogradOutput, share: Share) {
    match p.filtering {
        Filtering::F2 => multiply_pieces::<F2, 4, 2>(p, share),
        Filtering::F4 => multiply_pieces::<F4, 6, 4>(p, share),
    }
}

unsafe fn multiply_pieces<F: Lines<INPUT, OUTPUT>, const INPUT: usize, const OUTPUT: usize>(
    p: &WinogradOutput,
    share: Share,
) {
    let points = INPUT * INPUT;
    let blocks = p.count.div_ceil(UNIT_PIECES);
    let panels = p.columns.div_ceil(COLUMNS);
    let chunks = panels.div_ceil(UNIT_PANELS);
    let plane = UNIT_PIECES * UNIT_PANELS * COLUMNS + PLANE_GAP;
    let mut products: Vec<f32> = Vec::with_capacity(points * plane);
    let products = products.as_mut_ptr();
    for unit in share.of(blocks * chunks) {
        // Blocks within a chunk, so that a chunk's weights are used for all pieces before the next ones are read.
        let (chunk, block) = (unit / blocks, unit % blocks);
        let first = block * UNIT_PIECES;
        let count = UNIT_PIECES.min(p.count - first);
        let panels = chunk * UNIT_PANELS..panels.min((chunk + 1) * UNIT_PANELS);
        for point in 0..points {
            multiply_plane(p, point, first, count, panels.clone(), products.add(point * plane));
        }
        for piece in 0..count {
            let from = panels.start * COLUMNS;
            let to = p.columns.min(panels.end * COLUMNS);
            for column in (from..to).step_by(LANES) {
                let source = products.add(piece * UNIT_PANELS * COLUMNS + column - from);
                write_piece::<F, INPUT, OUTPUT>(p, source, plane, p.first + first + piece, column);
            }
        }
    }
}

/// The product of one point for a block of pieces and some panels: `products[piece][UNIT_PANELS * 8]`.
#[inline(always)]
unsafe fn multiply_plane(
    p: &WinogradOutput,
    point: usize,
    first: usize,
    count: usize,
    panels: Range<usize>,
    products: *mut f32,
) {
    const PLAIN: Epilogue =
        Epilogue { bias: std::ptr::null(), residual: std::ptr::null(), activation: Activation::None };
    let rows = p.transformed.add(point * plane_stride(p.count, p.channels) + first * p.channels);
    let all_panels = p.columns.div_ceil(COLUMNS);
    for panel in panels.clone() {
        let weights = p.weights.add((point * all_panels + panel) * p.channels * COLUMNS);
        let column = (panel - panels.start) * COLUMNS;
        for row in (0..count).step_by(ROWS) {
            let valid = ROWS.min(count - row);
            let taps = [std::array::from_fn(|r| rows.add((row + r.min(valid - 1)) * p.channels))];
            let target = Target {
                output: products.add(row * UNIT_PANELS * COLUMNS + column),
                offset: 0,
                row_stride: UNIT_PANELS * COLUMNS,
                rows: valid,
                columns: COLUMNS,
                column: 0,
            };
            multiply_tile(&taps, p.channels, weights, target, &PLAIN);
        }
    }
}

/// `A' m A` of one piece and four columns, with the epilogue, where it lies inside the output.
#[inline(always)]
unsafe fn write_piece<F: Lines<INPUT, OUTPUT>, const INPUT: usize, const OUTPUT: usize>(
    p: &WinogradOutput,
    products: *const f32,
    plane: usize,
    piece: usize,
    column: usize,
) {
    let columns: [[F32x4; OUTPUT]; INPUT] =
        std::array::from_fn(|x| F::output(std::array::from_fn(|y| F32x4::load(products.add((y * INPUT + x) * plane)))));
    let (row, px) = (piece / p.pieces[1], piece % p.pieces[1]);
    let (image, py) = (row / p.pieces[0], row % p.pieces[0]);
    let (top, left) = (py * OUTPUT, px * OUTPUT);
    let lanes = LANES.min(p.columns - column);
    let bias = if p.epilogue.bias.is_null() { F32x4::zero() } else { F32x4::load(p.epilogue.bias.add(column)) };
    for y in 0..OUTPUT.min(p.height - top) {
        let values = F::output(std::array::from_fn(|x| columns[x][y]));
        for (x, value) in values.iter().enumerate().take(p.width - left) {
            let at = ((image * p.height + top + y) * p.width + left + x) * p.columns + column;
            let mut value = *value + bias;
            if lanes == LANES {
                if !p.epilogue.residual.is_null() {
                    value = value + F32x4::load(p.epilogue.residual.add(at));
                }
                p.epilogue.activation.apply(value).store(p.output.add(at));
            } else {
                if !p.epilogue.residual.is_null() {
                    value = value + F32x4::load_partial(p.epilogue.residual.add(at), lanes);
                }
                p.epilogue.activation.apply(value).store_partial(p.output.add(at), lanes);
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
        padding: [usize; 2],
        channels: usize,
        columns: usize,
    }

    fn values(count: usize, seed: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * 7 + seed * 13) % 19) as f32 / 8.0 - 1.0).collect()
    }

    fn naive(c: &Case, x: &[f32], w: &[f32], bias: &[f32], residual: &[f32]) -> Vec<f32> {
        let [oh, ow] = std::array::from_fn(|axis| c.size[axis] + 2 * c.padding[axis] - 2);
        let mut out = Vec::new();
        for pixel in 0..c.batch * oh * ow {
            let (n, y, px) = (pixel / (oh * ow), pixel / ow % oh, pixel % ow);
            for o in 0..c.columns {
                let mut sum = bias[o] + residual[out.len()];
                for tap in 0..9 {
                    let iy = (y + tap / 3).wrapping_sub(c.padding[0]);
                    let ix = (px + tap % 3).wrapping_sub(c.padding[1]);
                    if iy < c.size[0] && ix < c.size[1] {
                        for d in 0..c.channels {
                            let at = ((n * c.size[0] + iy) * c.size[1] + ix) * c.channels + d;
                            sum += x[at] * w[(o * c.channels + d) * 9 + tap];
                        }
                    }
                }
                out.push(sum.max(0.0));
            }
        }
        out
    }

    /// How the work is cut: no part of it may change the result.
    #[derive(Clone, Copy)]
    struct Cut {
        block: usize,
        threads: usize,
    }

    fn run(filtering: Filtering, c: &Case, [x, w, bias, residual]: [&[f32]; 4], cut: Cut) -> Vec<f32> {
        let Cut { block, threads } = cut;
        let (size, points) = if filtering == Filtering::F2 { (2, 16) } else { (4, 36) };
        let [oh, ow] = std::array::from_fn(|axis| c.size[axis] + 2 * c.padding[axis] - 2);
        let pieces = [oh.div_ceil(size), ow.div_ceil(size)];
        let all = c.batch * pieces[0] * pieces[1];
        let mut packed = vec![f32::NAN; points * c.columns.div_ceil(COLUMNS) * COLUMNS * c.channels];
        let mut transformed = vec![f32::NAN; points * plane_stride(block, c.channels)];
        let mut out = vec![f32::NAN; c.batch * oh * ow * c.columns];
        let shares = || (0..threads).map(|thread| Share { thread, threads });
        for share in shares() {
            let weights = WinogradWeights {
                filtering,
                weights: w.as_ptr(),
                packed: packed.as_mut_ptr(),
                channels: c.channels,
                columns: c.columns,
            };
            unsafe { winograd_weights(&weights, share) };
        }
        for first in (0..all).step_by(block) {
            let count = block.min(all - first);
            let input = WinogradInput {
                filtering,
                input: x.as_ptr(),
                transformed: transformed.as_mut_ptr(),
                height: c.size[0],
                width: c.size[1],
                channels: c.channels,
                padding: c.padding,
                pieces,
                first,
                count,
            };
            let output = WinogradOutput {
                filtering,
                transformed: transformed.as_ptr(),
                weights: packed.as_ptr(),
                epilogue: Epilogue { bias: bias.as_ptr(), residual: residual.as_ptr(), activation: Activation::Relu },
                output: out.as_mut_ptr(),
                height: oh,
                width: ow,
                channels: c.channels,
                columns: c.columns,
                pieces,
                first,
                count,
            };
            shares().for_each(|share| unsafe { winograd_input(&input, share) });
            shares().for_each(|share| unsafe { winograd_output(&output, share) });
        }
        out
    }

    #[test]
    fn equals_the_naive_loops_for_any_number_of_threads_and_blocks() {
        let cases = [
            Case { batch: 1, size: [4, 4], padding: [1, 1], channels: 1, columns: 1 },
            Case { batch: 2, size: [7, 9], padding: [1, 1], channels: 6, columns: 11 },
            Case { batch: 1, size: [3, 8], padding: [0, 0], channels: 4, columns: 8 },
            Case { batch: 3, size: [8, 5], padding: [2, 1], channels: 33, columns: 40 },
        ];
        for (index, c) in cases.iter().enumerate() {
            let x = values(c.batch * c.size[0] * c.size[1] * c.channels, 1);
            let w = values(c.columns * c.channels * 9, 2);
            let bias = values(c.columns + COLUMNS, 3);
            let residual = values(c.batch * (c.size[0] + 4) * (c.size[1] + 4) * c.columns, 4);
            let want = naive(c, &x, &w, &bias, &residual);
            let buffers = [&x[..], &w, &bias, &residual];
            for filtering in [Filtering::F2, Filtering::F4] {
                let one = run(filtering, c, buffers, Cut { block: 1000, threads: 1 });
                for (i, (got, want)) in one.iter().zip(&want).enumerate() {
                    let allowed = 1e-4 * c.channels as f32;
                    assert!((got - want).abs() < allowed, "{filtering:?}, case {index} at {i}: {got}, not {want}");
                }
                for (block, threads) in [(1000, 2), (5, 1), (16, 3)] {
                    let other = run(filtering, c, buffers, Cut { block, threads });
                    assert_eq!(other, one, "{filtering:?}, case {index}, block {block}, {threads} threads");
                }
            }
        }
    }
}
