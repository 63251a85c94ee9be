//! Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray 2015): a 3x3 convolution of stride 1 with 36 instead of 144
//! products for every 4x4 outputs.
//!
//! `output = A' [(G g G') * (B' d B)] A` with d a 6x6 piece of the input and g the kernel; over many pieces and channels
//! the product in the middle is 36 matrix products. The pieces are transformed into `[36][pieces][channels]`,
//! so that each of the 36 is a product of rows and packed panels.
//!
//! The points of interpolation are 0, +-1/sqrt 2, +-sqrt 2 and infinity: the usual 0, +-1, +-2 and infinity need a few
//! multiplications less and lose about three times the precision.

use crate::share::Share;
use gemm::{multiply_tile, Activation, Epilogue, Target, COLUMNS, ROWS};
use simd::{F32x4, LANES};
use std::f32::consts::{FRAC_1_SQRT_2, SQRT_2};

/// Height and width of the outputs of one piece.
const OUTPUT: usize = 4;
/// Height and width of one piece of the input: 4 + 3 - 1.
const INPUT: usize = 6;
/// Products a piece and channel: one matrix product each.
const POINTS: usize = INPUT * INPUT;

/// Pieces and panels of one unit of work: the 36 products of a unit, 36 x 16 x 32 values, stay in the second-level cache.
const UNIT_PIECES: usize = 16;
const UNIT_PANELS: usize = 4;
/// Channels of one unit of the input's transform.
const UNIT_CHANNELS: usize = 32;

/// Between the 36 planes: without it they lie powers of two apart and fight for the same cache lines.
const PLANE_GAP: usize = 16;

/// Values from one of the 36 planes of transformed input to the next.
pub fn plane_stride(pieces: usize, channels: usize) -> usize {
    pieces * channels + PLANE_GAP
}

/// Transforms weights `[columns, channels, 3, 3]` into 36 sets of panels, `[36][panel][channel][8]`.
///
/// # Safety
/// `weights` must be readable for its shape and `packed` writable for `36 * panels * channels * 8`.
pub unsafe fn winograd_weights(weights: *const f32, packed: *mut f32, channels: usize, columns: usize, share: Share) {
    let panels = columns.div_ceil(COLUMNS);
    let plane = panels * channels * COLUMNS;
    for index in share.of(panels * channels) {
        let (panel, channel) = (index / channels, index % channels);
        for lane in 0..COLUMNS {
            let column = panel * COLUMNS + lane;
            let mut points = [0.0; POINTS];
            if column < columns {
                points = transform_kernel(weights.add((column * channels + channel) * 9));
            }
            for (point, value) in points.iter().enumerate() {
                *packed.add(point * plane + index * COLUMNS + lane) = *value;
            }
        }
    }
}

/// `G g G'`, rounded once.
unsafe fn transform_kernel(kernel: *const f32) -> [f32; POINTS] {
    let line = |[a, b, c]: [f64; 3]| {
        let (near, far) = (-(2.0 * a + c) / 3.0, (a + 2.0 * c) / 6.0);
        let (slope, steep) = (b * std::f64::consts::SQRT_2 / 3.0, b * std::f64::consts::SQRT_2 / 6.0);
        [a, near - slope, near + slope, far + steep, far - steep, c]
    };
    let columns: [[f64; INPUT]; 3] =
        std::array::from_fn(|x| line(std::array::from_fn(|y| *kernel.add(y * 3 + x) as f64)));
    let rows: [[f64; INPUT]; INPUT] = std::array::from_fn(|y| line(std::array::from_fn(|x| columns[x][y])));
    std::array::from_fn(|point| rows[point / INPUT][point % INPUT] as f32)
}

/// The pieces `first .. first + count` of `[batch, height, width, channels]`, transformed.
#[derive(Clone, Copy)]
pub struct WinogradInput {
    pub input: *const f32,
    /// `[36][count][channels]`, planes [`plane_stride`] apart.
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
            transform_piece(values, target, plane_stride(p.count, p.channels), lanes);
        }
    }
}

/// `B' d B`, written to the 36 planes.
#[inline(always)]
unsafe fn transform_piece(values: [[F32x4; INPUT]; INPUT], target: *mut f32, plane: usize, lanes: usize) {
    let line = |d: [F32x4; INPUT]| {
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
    };
    let columns: [[F32x4; INPUT]; INPUT] = std::array::from_fn(|x| line(std::array::from_fn(|y| values[y][x])));
    for y in 0..INPUT {
        let row = line(std::array::from_fn(|x| columns[x][y]));
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

/// The products of transformed pieces and weights, transformed back into `[batch, height, width, columns]`.
#[derive(Clone, Copy)]
pub struct WinogradOutput {
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
    let blocks = p.count.div_ceil(UNIT_PIECES);
    let panels = p.columns.div_ceil(COLUMNS);
    let chunks = panels.div_ceil(UNIT_PANELS);
    let plane = UNIT_PIECES * UNIT_PANELS * COLUMNS + PLANE_GAP;
    let mut products: Vec<f32> = Vec::with_capacity(POINTS * plane);
    let products = products.as_mut_ptr();
    for unit in share.of(blocks * chunks) {
        // Blocks within a chunk, so that a chunk's weights are used for all pieces before the next ones are read.
        let (chunk, block) = (unit / blocks, unit % blocks);
        let first = block * UNIT_PIECES;
        let count = UNIT_PIECES.min(p.count - first);
        let panels = chunk * UNIT_PANELS..panels.min((chunk + 1) * UNIT_PANELS);
        for point in 0..POINTS {
            multiply_plane(p, point, first, count, panels.clone(), products.add(point * plane));
        }
        for piece in 0..count {
            let from = panels.start * COLUMNS;
            let to = p.columns.min(panels.end * COLUMNS);
            for column in (from..to).step_by(LANES) {
                let source = products.add(piece * UNIT_PANELS * COLUMNS + column - from);
                write_piece(p, source, plane, p.first + first + piece, column);
            }
        }
    }
}

/// One of the 36 products for a block of pieces and some panels: `products[piece][UNIT_PANELS * 8]`.
#[inline(always)]
unsafe fn multiply_plane(
    p: &WinogradOutput,
    point: usize,
    first: usize,
    count: usize,
    panels: std::ops::Range<usize>,
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
unsafe fn write_piece(p: &WinogradOutput, products: *const f32, plane: usize, piece: usize, column: usize) {
    let line = |m: [F32x4; INPUT]| {
        let (near, far) = (m[1] + m[2], m[3] + m[4]);
        let (slope, steep) = (m[1] - m[2], m[3] - m[4]);
        [
            m[0] + near + far,
            (slope * F32x4::splat(FRAC_1_SQRT_2)).add_product(steep, F32x4::splat(SQRT_2)),
            (near * F32x4::splat(0.5)).add_product(far, F32x4::splat(2.0)),
            m[5].add_product(slope, F32x4::splat(SQRT_2 / 4.0)).add_product(steep, F32x4::splat(2.0 * SQRT_2)),
        ]
    };
    let columns: [[F32x4; OUTPUT]; INPUT] =
        std::array::from_fn(|x| line(std::array::from_fn(|y| F32x4::load(products.add((y * INPUT + x) * plane)))));
    let (row, px) = (piece / p.pieces[1], piece % p.pieces[1]);
    let (image, py) = (row / p.pieces[0], row % p.pieces[0]);
    let (top, left) = (py * OUTPUT, px * OUTPUT);
    let lanes = LANES.min(p.columns - column);
    let bias = if p.epilogue.bias.is_null() { F32x4::zero() } else { F32x4::load(p.epilogue.bias.add(column)) };
    for y in 0..OUTPUT.min(p.height - top) {
        let values = line(std::array::from_fn(|x| columns[x][y]));
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

    fn run(c: &Case, x: &[f32], w: &[f32], bias: &[f32], residual: &[f32], block: usize, threads: usize) -> Vec<f32> {
        let [oh, ow] = std::array::from_fn(|axis| c.size[axis] + 2 * c.padding[axis] - 2);
        let pieces = [oh.div_ceil(OUTPUT), ow.div_ceil(OUTPUT)];
        let all = c.batch * pieces[0] * pieces[1];
        let mut packed = vec![f32::NAN; POINTS * c.columns.div_ceil(COLUMNS) * COLUMNS * c.channels];
        let mut transformed = vec![f32::NAN; POINTS * plane_stride(block, c.channels)];
        let mut out = vec![f32::NAN; c.batch * oh * ow * c.columns];
        let shares = || (0..threads).map(|thread| Share { thread, threads });
        for share in shares() {
            unsafe { winograd_weights(w.as_ptr(), packed.as_mut_ptr(), c.channels, c.columns, share) };
        }
        for first in (0..all).step_by(block) {
            let count = block.min(all - first);
            let input = WinogradInput {
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
            let one = run(c, &x, &w, &bias, &residual, 1000, 1);
            for (i, (got, want)) in one.iter().zip(&want).enumerate() {
                assert!((got - want).abs() < 1e-4 * c.channels as f32, "case {index} at {i}: {got}, not {want}");
            }
            for (block, threads) in [(1000, 2), (5, 1), (16, 3)] {
                assert_eq!(run(c, &x, &w, &bias, &residual, block, threads), one, "case {index}, block {block}");
            }
        }
    }
}
