use crate::lanes::{load, store};
use crate::share::Share;
use gemm::{sum_outer_products, Pixels, Sums, COLUMNS};
use simd::{F32x4, LANES};
use std::ops::Range;

/// The gradient of a convolution's weights: for every tap, the sum over pixels of what the tap meets times the gradient of
/// the output.
///
/// Pixels are cut into segments, by shape alone, whose sums stand beside each other, to be added by [`sum_weights`].
/// Sizes are the convolution's, as in [`crate::Conv2d`].
#[derive(Clone, Copy)]
pub struct WeightGradient {
    pub input: *const f32,
    /// Of the output.
    pub gradient: *const f32,
    /// `[segments, groups, panels, taps, depth, 8]`.
    pub partials: *mut f32,
    pub segments: usize,
    pub batch: usize,
    pub height: usize,
    pub width: usize,
    pub output_height: usize,
    pub output_width: usize,
    pub groups: usize,
    pub columns: usize,
    pub depth: usize,
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub dilation: [usize; 2],
    pub padding: [isize; 2],
}

/// Output pixels that go through all taps and channels before the next ones: what a tile reads of them stays in the
/// first-level cache.
const BLOCK_PIXELS: usize = 128;
/// Rows of the output longer than this are cut into pieces.
const LONGEST_PIECE: usize = 64;
/// Panels of one unit of work.
const UNIT_PANELS: usize = 4;
/// With fewer channels than this the taps of a kernel row are taken as one, of as many channels as all of them have: they
/// fill tiles better.
const FEW_CHANNELS: usize = 32;
/// Between packed pixels of more channels: without it they lie powers of two apart and fight for the same cache lines.
const PIXEL_GAP: usize = 4;
/// Values behind packed pixels that a tile reads in vain.
const OVERRUN: usize = 8;

/// How output rows are cut into pieces, and what their taps meet is packed.
struct Packing {
    /// Pieces of each output row, and their length.
    splits: usize,
    length: usize,
    /// Pixels of an input row that a piece's taps meet.
    span: usize,
    /// Taps of a kernel row that are taken as one.
    joined: usize,
    /// Values from one packed pixel to the next, and from one packed piece to the next.
    pixel: usize,
    piece: usize,
    /// Pieces that are multiplied in one go.
    block: usize,
}

impl Packing {
    fn of(p: &WeightGradient) -> Packing {
        let splits = p.output_width.div_ceil(LONGEST_PIECE).max(1);
        let length = p.output_width.div_ceil(splits).max(1);
        let span = (length - 1) * p.stride[1] + (p.kernel[1] - 1) * p.dilation[1] + 1;
        let join = p.depth < FEW_CHANNELS && p.dilation[1] == 1;
        let joined = if join { p.kernel[1] } else { 1 };
        let pixel = if join { p.depth } else { p.depth.next_multiple_of(LANES) + PIXEL_GAP };
        let block = (BLOCK_PIXELS / length).max(1);
        Packing { splits, length, span, joined, pixel, piece: p.kernel[0] * span * pixel, block }
    }
}

/// Computes this thread's share.
///
/// # Safety
/// The buffers must be valid for the sizes that `p` names.
#[inline(never)]
pub unsafe fn weight_gradient(p: &WeightGradient, share: Share) {
    let packing = Packing::of(p);
    let panels = p.columns.div_ceil(COLUMNS);
    let chunks = panels.div_ceil(UNIT_PANELS);
    let taps = p.kernel[0] * p.kernel[1];
    let panel_values = taps * p.depth * COLUMNS;
    let pieces = p.batch * p.output_height * packing.splits;
    let mut inputs: Vec<f32> = Vec::with_capacity(packing.block * packing.piece + OVERRUN);
    let mut gradients: Vec<f32> = Vec::with_capacity(UNIT_PANELS * packing.block * packing.length * COLUMNS);
    let (inputs, gradients) = (inputs.as_mut_ptr(), gradients.as_mut_ptr());
    for unit in share.of(p.segments * p.groups * chunks) {
        let (segment, group, chunk) = (unit / (p.groups * chunks), unit / chunks % p.groups, unit % chunks);
        let panels = chunk * UNIT_PANELS..panels.min((chunk + 1) * UNIT_PANELS);
        let first_panel = (segment * p.groups + group) * p.columns.div_ceil(COLUMNS) + panels.start;
        let partials = p.partials.add(first_panel * panel_values);
        let part = Share { thread: segment, threads: p.segments }.of(pieces);
        if part.is_empty() {
            std::slice::from_raw_parts_mut(partials, panels.len() * panel_values).fill(0.0);
        }
        for first in part.clone().step_by(packing.block) {
            let count = packing.block.min(part.end - first);
            for piece in 0..count {
                pack_inputs(p, &packing, first + piece, group, inputs.add(piece * packing.piece));
                for panel in panels.clone() {
                    let to = ((panel - panels.start) * packing.block + piece) * packing.length * COLUMNS;
                    pack_gradients(p, &packing, first + piece, group, panel, gradients.add(to));
                }
            }
            let pixels =
                Pixels { pieces: count, length: packing.length, step: p.stride[1] * packing.pixel, gap: packing.piece };
            for panel in 0..panels.len() {
                let right = gradients.add(panel * packing.block * packing.length * COLUMNS);
                let target = partials.add(panel * panel_values);
                multiply_block(p, &packing, inputs, right, pixels, target, first > part.start);
            }
        }
    }
}

/// The sums of all taps and channels over a block of pixels, for one panel.
#[inline(never)]
unsafe fn multiply_block(
    p: &WeightGradient,
    packing: &Packing,
    inputs: *const f32,
    right: *const f32,
    pixels: Pixels,
    target: *mut f32,
    add: bool,
) {
    for tap in (0..p.kernel[0] * p.kernel[1]).step_by(packing.joined) {
        let (ky, kx) = (tap / p.kernel[1], tap % p.kernel[1]);
        let left = inputs.add((ky * packing.span + kx * p.dilation[1]) * packing.pixel);
        let target = target.add(tap * p.depth * COLUMNS);
        sum_outer_products(left, right, pixels, Sums { target, rows: packing.joined * p.depth, add });
    }
}

/// Packs what the taps of a piece meet: `[kernel row][pixel][channel]`, zeros in the padding.
#[inline(never)]
unsafe fn pack_inputs(p: &WeightGradient, packing: &Packing, piece: usize, group: usize, target: *mut f32) {
    let (row, split) = (piece / packing.splits, piece % packing.splits);
    let (image, y) = (row / p.output_height, row % p.output_height);
    let channels = p.groups * p.depth;
    let left = (split * packing.length * p.stride[1]) as isize - p.padding[1];
    // The pixels that lie inside the picture.
    let clamp = |at: isize| at.clamp(0, packing.span as isize) as usize;
    let inside = clamp(-left)..clamp(p.width as isize - left);
    for ky in 0..p.kernel[0] {
        let input_y = (y * p.stride[0] + ky * p.dilation[0]) as isize - p.padding[0];
        let inside = if (0..p.height as isize).contains(&input_y) { inside.clone() } else { 0..0 };
        let first = ((image * p.height) as isize + input_y) * p.width as isize + left;
        let source = p.input.wrapping_offset(first * channels as isize).wrapping_add(group * p.depth);
        let target = target.add(ky * packing.span * packing.pixel);
        let zero = |pixels: Range<usize>| {
            let count = pixels.len() * packing.pixel;
            std::slice::from_raw_parts_mut(target.add(pixels.start * packing.pixel), count).fill(0.0);
        };
        zero(0..inside.start);
        zero(inside.end..packing.span);
        if packing.pixel == channels {
            let first = inside.start * channels;
            std::ptr::copy_nonoverlapping(source.wrapping_add(first), target.add(first), inside.len() * channels);
            continue;
        }
        for x in inside {
            copy_pixel(source.wrapping_add(x * channels), target.add(x * packing.pixel), p.depth);
        }
    }
}

#[inline(always)]
unsafe fn copy_pixel(source: *const f32, target: *mut f32, depth: usize) {
    for channel in (0..depth).step_by(LANES) {
        let lanes = LANES.min(depth - channel);
        store(load(source.add(channel), lanes), target.add(channel), lanes);
    }
}

/// Packs a panel of the gradient of a piece's outputs: `[pixel][8]`, zeros where the piece or panel is not full.
#[inline(never)]
unsafe fn pack_gradients(
    p: &WeightGradient,
    packing: &Packing,
    piece: usize,
    group: usize,
    panel: usize,
    target: *mut f32,
) {
    let (row, split) = (piece / packing.splits, piece % packing.splits);
    let first = split * packing.length;
    let valid = packing.length.min(p.output_width.saturating_sub(first));
    let outputs = p.groups * p.columns;
    let source = p.gradient.add((row * p.output_width + first) * outputs + group * p.columns + panel * COLUMNS);
    let columns = COLUMNS.min(p.columns - panel * COLUMNS);
    for x in 0..valid {
        let (from, to) = (source.add(x * outputs), target.add(x * COLUMNS));
        for half in 0..COLUMNS / LANES {
            let lanes = columns.saturating_sub(half * LANES).min(LANES);
            load(from.add(half * LANES), lanes).store(to.add(half * LANES));
        }
    }
    std::slice::from_raw_parts_mut(target.add(valid * COLUMNS), (packing.length - valid) * COLUMNS).fill(0.0);
}

/// The weights' gradient from the sums of its segments.
#[derive(Clone, Copy)]
pub struct SumWeights {
    /// As [`weight_gradient`] writes them.
    pub partials: *const f32,
    /// `[groups * columns, depth, taps]`, as PyTorch has weights.
    pub output: *mut f32,
    pub segments: usize,
    pub groups: usize,
    pub columns: usize,
    pub depth: usize,
    pub taps: usize,
}

/// Computes this thread's share.
///
/// # Safety
/// The buffers must be valid for the sizes that `p` names.
#[inline(never)]
pub unsafe fn sum_weights(p: &SumWeights, share: Share) {
    let panels = p.columns.div_ceil(COLUMNS);
    let segment = p.groups * panels * p.taps * p.depth * COLUMNS;
    for unit in share.of(p.groups * panels * p.depth) {
        let (panel, depth) = (unit / p.depth, unit % p.depth);
        let column = panel / panels * p.columns + panel % panels * COLUMNS;
        let columns = COLUMNS.min(p.columns - panel % panels * COLUMNS);
        for tap in 0..p.taps {
            let from = p.partials.add(((panel * p.taps + tap) * p.depth + depth) * COLUMNS);
            let mut sums = [F32x4::zero(); 2];
            for index in 0..p.segments {
                let from = from.add(index * segment);
                sums = [sums[0] + F32x4::load(from), sums[1] + F32x4::load(from.add(LANES))];
            }
            let sums = sums.map(F32x4::to_array);
            for (at, sum) in sums.as_flattened().iter().enumerate().take(columns) {
                *p.output.add(((column + at) * p.depth + depth) * p.taps + tap) = *sum;
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
        depth: usize,
        columns: usize,
        groups: usize,
        kernel: [usize; 2],
        stride: [usize; 2],
        dilation: [usize; 2],
        padding: [isize; 2],
    }

    const BASE: Case = Case {
        batch: 3,
        size: [5, 6],
        depth: 3,
        columns: 10,
        groups: 1,
        kernel: [3, 3],
        stride: [1, 1],
        dilation: [1, 1],
        padding: [1, 1],
    };

    /// Small multiples of 1/8, whose sums are exact.
    fn values(count: usize, seed: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * 7919 + seed * 13) % 19) as f32 / 8.0 - 1.0).collect()
    }

    fn output_size(c: &Case, axis: usize) -> usize {
        let span = c.dilation[axis] * (c.kernel[axis] - 1) + 1;
        (c.size[axis].wrapping_add_signed(2 * c.padding[axis]) - span) / c.stride[axis] + 1
    }

    fn naive(c: &Case, x: &[f32], dy: &[f32]) -> Vec<f32> {
        let [oh, ow] = [output_size(c, 0), output_size(c, 1)];
        let mut dw = Vec::new();
        for o in 0..c.groups * c.columns {
            for d in 0..c.depth {
                for tap in 0..c.kernel[0] * c.kernel[1] {
                    let mut sum = 0.0;
                    for pixel in 0..c.batch * oh * ow {
                        let (n, y, left) = (pixel / (oh * ow), pixel / ow % oh, pixel % ow);
                        let iy = y * c.stride[0] + tap / c.kernel[1] * c.dilation[0];
                        let ix = left * c.stride[1] + tap % c.kernel[1] * c.dilation[1];
                        let (iy, ix) = (iy.wrapping_add_signed(-c.padding[0]), ix.wrapping_add_signed(-c.padding[1]));
                        if iy < c.size[0] && ix < c.size[1] {
                            let at = (n * c.size[0] + iy) * c.size[1] + ix;
                            let channel = o / c.columns * c.depth + d;
                            sum += x[at * c.groups * c.depth + channel] * dy[pixel * c.groups * c.columns + o];
                        }
                    }
                    dw.push(sum);
                }
            }
        }
        dw
    }

    fn run(c: &Case, x: &[f32], dy: &[f32], segments: usize, threads: usize) -> Vec<f32> {
        let taps = c.kernel[0] * c.kernel[1];
        let panels = c.groups * c.columns.div_ceil(COLUMNS);
        let mut partials = vec![f32::NAN; segments * panels * taps * c.depth * COLUMNS];
        let mut output = vec![f32::NAN; c.groups * c.columns * c.depth * taps];
        let p = WeightGradient {
            input: x.as_ptr(),
            gradient: dy.as_ptr(),
            partials: partials.as_mut_ptr(),
            segments,
            batch: c.batch,
            height: c.size[0],
            width: c.size[1],
            output_height: output_size(c, 0),
            output_width: output_size(c, 1),
            groups: c.groups,
            columns: c.columns,
            depth: c.depth,
            kernel: c.kernel,
            stride: c.stride,
            dilation: c.dilation,
            padding: c.padding,
        };
        let shares = || (0..threads).map(|thread| Share { thread, threads });
        shares().for_each(|share| unsafe { weight_gradient(&p, share) });
        let p = SumWeights {
            partials: partials.as_ptr(),
            output: output.as_mut_ptr(),
            segments,
            groups: c.groups,
            columns: c.columns,
            depth: c.depth,
            taps,
        };
        shares().for_each(|share| unsafe { sum_weights(&p, share) });
        output
    }

    #[test]
    fn equals_the_naive_loops_for_any_number_of_segments_and_threads() {
        let cases = [
            Case { ..BASE },
            Case { batch: 0, ..BASE },
            Case { size: [9, 8], depth: 20, columns: 40, ..BASE },
            Case { kernel: [1, 1], padding: [0, 0], depth: 16, columns: 16, ..BASE },
            Case { stride: [2, 2], size: [7, 8], ..BASE },
            Case { dilation: [2, 1], padding: [2, 1], ..BASE },
            Case { kernel: [7, 7], stride: [2, 2], padding: [3, 3], size: [11, 9], ..BASE },
            Case { groups: 4, depth: 4, columns: 4, ..BASE },
            Case { groups: 6, depth: 1, columns: 2, ..BASE },
            Case { kernel: [1, 3], padding: [0, -1], ..BASE },
            Case { size: [2, 133], batch: 2, ..BASE },
            Case { size: [20, 21], batch: 2, ..BASE },
        ];
        for (index, c) in cases.iter().enumerate() {
            let x = values(c.batch * c.size[0] * c.size[1] * c.groups * c.depth, 1);
            let dy = values(c.batch * output_size(c, 0) * output_size(c, 1) * c.groups * c.columns, 2);
            let want = naive(c, &x, &dy);
            for (segments, threads) in [(1, 1), (1, 2), (3, 1), (4, 3)] {
                let got = run(c, &x, &dy, segments, threads);
                assert_eq!(got, want, "case {index}, {segments} segments, {threads} threads");
            }
        }
    }
}
