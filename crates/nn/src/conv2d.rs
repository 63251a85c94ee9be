use crate::conv_shape::ConvShape;
use crate::share::{panel_units, Share};
use gemm::{fetch, multiply_panels, part, Epilogue, Rows, Target, COLUMNS, MOST_ROWS, ROWS};
use operands::operands;
use std::ops::Range;

operands! {
    /// A convolution with bias, residual and activation. With one tap and one "pixel" per row it is a matrix product.
    ///
    /// With a kernel one wide, a padded input and a depth of kernel width x channels, one tap covers a whole kernel
    /// row: convolutions of few channels run this way.
    pub struct Conv2d {
        /// `[batch, height, width, pixel_stride]`; group `g` reads `depth` channels from `g * depth` on.
        pub input: *const f32,
        /// Packed by `pack_panels`.
        pub weights: *const f32,
        /// `[batch, output_height, output_width, groups * columns]`.
        pub output: *mut f32,
        /// At least `pixel_stride` zeros, read for taps in the padding.
        pub zeros: *const f32,
        pub epilogue: Epilogue,
        pub shape: ConvShape,
        pub pixel_stride: usize,
        /// Row pointers: `scratch_floats` values of 4 bytes for each thread.
        pub scratch: *mut *const f32,
        pub scratch_floats: usize,
    }
}

/// Values of 4 bytes that each thread needs as scratch: the row pointers of a block of pixels.
pub fn conv2d_scratch(taps: usize) -> usize {
    ROW_POINTERS * taps * size_of::<*const f32>() / size_of::<f32>()
}

/// Pixels that go through all of a panel before the next panel is read: enough that a panel, read from
/// the second-level cache, is used often, and few enough that the pixels' own rows stay in the cache.
const BLOCK_PIXELS: usize = 96;
/// Row pointers of a block for each tap, including those of rows that a tile computes and does not write.
const TABLE: usize = BLOCK_PIXELS + ROWS;
/// The same in the build with the tallest tile.
pub const ROW_POINTERS: usize = BLOCK_PIXELS + MOST_ROWS;
/// The most panels that one unit of work covers.
const UNIT_PANELS: usize = 4;

/// Computes this thread's share of a convolution.
///
/// # Safety
/// All pointers of `p` must be valid for the sizes it names.
#[inline(never)]
pub unsafe fn conv2d(p: &Conv2d, share: Share) {
    let pixels = p.shape.batch * p.shape.output_height * p.shape.output_width;
    let panels = p.shape.columns.div_ceil(COLUMNS);
    let blocks = pixels.div_ceil(BLOCK_PIXELS);
    let chunks = panel_units(panels, blocks * p.shape.groups, UNIT_PANELS);
    let taps = p.shape.taps();
    assert!(p.scratch_floats >= conv2d_scratch(taps));
    let own = p.scratch.byte_add(share.thread * p.scratch_floats * size_of::<f32>());
    let pointers = std::slice::from_raw_parts_mut(own, TABLE * taps);
    // Within a block, units run group by group and chunk by chunk, so the row pointers of a block are computed once
    // and moved from group to group.
    let mut located = None;
    let first_block = share.of(blocks * p.shape.groups * chunks).start / (p.shape.groups * chunks);
    for unit in share.of(blocks * p.shape.groups * chunks) {
        let (block, group, chunk) = (unit / (p.shape.groups * chunks), unit / chunks % p.shape.groups, unit % chunks);
        let of_block = part(pixels, block, blocks);
        let moved = match located {
            Some((at, before)) if at == block => group - before,
            _ => {
                locate_rows(p, &of_block, pointers);
                group
            }
        };
        if moved > 0 {
            pointers.iter_mut().for_each(|row| *row = row.wrapping_add(moved * p.shape.depth));
        }
        located = Some((block, group));
        let rows = Rows { pointers, stride: TABLE, depth: p.shape.depth };
        let of_chunk = part(panels, chunk, chunks);
        let panel_len = taps * p.shape.depth * COLUMNS;
        let weights = p.weights.add((group * panels + of_chunk.start) * panel_len);
        // A single tile reads a panel only once, and is as fast without this.
        if block == first_block && of_block.len() > ROWS {
            fetch(weights, of_chunk.len() * panel_len);
        }
        let outputs = p.shape.groups * p.shape.columns;
        let column = group * p.shape.columns + of_chunk.start * COLUMNS;
        let offset = of_block.start * outputs + column;
        let target = Target {
            output: p.output.add(offset),
            offset,
            row_stride: outputs,
            rows: of_block.len(),
            columns: p.shape.columns.min(of_chunk.end * COLUMNS) - of_chunk.start * COLUMNS,
            column,
        };
        multiply_panels(&rows, weights, &target, &p.epilogue);
    }
}

/// Row pointers of every tap and pixel of a block: `pointers[tap][TABLE]`. The entries after the last pixel, which are
/// computed and not written, repeat it.
unsafe fn locate_rows(p: &Conv2d, pixels: &Range<usize>, pointers: &mut [*const f32]) {
    let row_stride = p.shape.width * p.pixel_stride;
    for index in 0..TABLE {
        let pixel = pixels.start + index.min(pixels.len() - 1);
        let (row, x) = (pixel / p.shape.output_width, pixel % p.shape.output_width);
        let (image, y) = (row / p.shape.output_height, row % p.shape.output_height);
        let base = p.input.wrapping_add(image * p.shape.height * row_stride);
        let (top, left) = (y * p.shape.stride[0], x * p.shape.stride[1]);
        for ky in 0..p.shape.kernel[0] {
            let input_y = (top + ky * p.shape.dilation[0]).wrapping_sub(p.shape.padding[0] as usize);
            for kx in 0..p.shape.kernel[1] {
                let input_x = (left + kx * p.shape.dilation[1]).wrapping_sub(p.shape.padding[1] as usize);
                let at = (ky * p.shape.kernel[1] + kx) * TABLE + index;
                pointers[at] = if input_y < p.shape.height && input_x < p.shape.width {
                    base.wrapping_add(input_y * row_stride + input_x * p.pixel_stride)
                } else {
                    p.zeros
                };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conv_shape::cases::{sized, values, BASE};
    use gemm::{pack_panels, packed_len, PanelSource};

    fn naive(c: &ConvShape, x: &[f32], w: &[f32]) -> Vec<f32> {
        let (depth, columns) = (c.depth, c.columns);
        let mut out = Vec::new();
        for n in 0..c.batch {
            for y in 0..c.output_height * c.output_width {
                let (row, column) = (y / c.output_width, y % c.output_width);
                for o in 0..c.groups * columns {
                    let mut sum = 0.0;
                    for ky in 0..c.kernel[0] {
                        for kx in 0..c.kernel[1] {
                            let iy = (row * c.stride[0] + ky * c.dilation[0]).wrapping_sub(c.padding[0] as usize);
                            let ix = (column * c.stride[1] + kx * c.dilation[1]).wrapping_sub(c.padding[1] as usize);
                            if iy >= c.height || ix >= c.width {
                                continue;
                            }
                            for d in 0..depth {
                                let pixel = (n * c.height + iy) * c.width + ix;
                                let xi = pixel * c.groups * depth + o / columns * depth + d;
                                let wi = ((o * depth + d) * c.kernel[0] + ky) * c.kernel[1] + kx;
                                sum += x[xi] * w[wi];
                            }
                        }
                    }
                    out.push(sum);
                }
            }
        }
        out
    }

    fn run(c: &ConvShape, x: &[f32], w: &[f32], threads: usize) -> Vec<f32> {
        let (depth, taps) = (c.depth, c.taps());
        let source = PanelSource {
            groups: c.groups,
            columns: c.columns,
            taps: c.kernel,
            depth,
            group_stride: c.columns * depth * taps,
            column_stride: depth * taps,
            tap_strides: [c.kernel[1] as isize, 1],
            depth_stride: taps,
        };
        let mut packed = vec![0.0; packed_len(&source)];
        let panels = c.groups * source.columns.div_ceil(COLUMNS);
        unsafe { pack_panels(&source, w.as_ptr(), packed.as_mut_ptr(), 0, panels) };
        let channels = c.groups * depth;
        let zeros = vec![0.0; channels];
        let mut out = vec![f32::NAN; c.batch * c.output_height * c.output_width * c.groups * c.columns];
        let mut scratch = vec![std::ptr::null(); threads * taps * ROW_POINTERS];
        let p = Conv2d {
            input: x.as_ptr(),
            weights: packed.as_ptr(),
            output: out.as_mut_ptr(),
            zeros: zeros.as_ptr(),
            epilogue: Epilogue::PLAIN,
            shape: *c,
            pixel_stride: channels,
            scratch: scratch.as_mut_ptr(),
            scratch_floats: conv2d_scratch(taps),
        };
        for thread in 0..threads {
            unsafe { conv2d(&p, Share { thread, threads }) };
        }
        out
    }

    #[test]
    fn convolutions_equal_the_naive_loops_for_any_number_of_threads() {
        let cases = [
            ConvShape { ..BASE },
            ConvShape { batch: 0, ..BASE },
            ConvShape { batch: 3, height: 9, width: 8, ..BASE },
            ConvShape { kernel: [1, 1], padding: [0, 0], depth: 16, columns: 40, ..BASE },
            ConvShape { stride: [2, 2], height: 7, width: 7, ..BASE },
            ConvShape { dilation: [2, 1], padding: [2, 1], ..BASE },
            ConvShape { kernel: [7, 7], stride: [2, 2], padding: [3, 3], height: 11, width: 9, ..BASE },
            ConvShape { groups: 4, depth: 4, columns: 4, ..BASE },
            ConvShape { groups: 6, depth: 1, columns: 2, ..BASE },
            ConvShape { kernel: [1, 3], padding: [0, 1], ..BASE },
            ConvShape { padding: [-1, 0], ..BASE },
            ConvShape { height: 20, width: 21, columns: 72, ..BASE },
        ]
        .map(sized);
        for (index, c) in cases.iter().enumerate() {
            let x = values(c.batch * c.height * c.width * c.groups * c.depth, 1);
            let w = values(c.groups * c.columns * c.depth * c.taps(), 2);
            let want = naive(c, &x, &w);
            for threads in 1..4 {
                assert_eq!(run(c, &x, &w, threads), want, "case {index}, {threads} threads");
            }
        }
    }

    /// Products of a size and the number of a block or chunk overflow the 32 bits of WebAssembly.
    #[test]
    fn pixels_and_columns_may_be_many() {
        let plain = ConvShape { kernel: [1, 1], padding: [0, 0], depth: 1, columns: 1, ..BASE };
        let cases = [
            ConvShape { height: 821, width: 797, ..plain },
            ConvShape { batch: 700_000, height: 1, width: 1, ..plain },
            ConvShape { height: 1, width: 1, columns: 1_100_000, ..plain },
        ]
        .map(sized);
        for (index, c) in cases.iter().enumerate() {
            let x = values(c.batch * c.height * c.width, 1);
            let w = values(c.columns, 2);
            let want = naive(c, &x, &w);
            for threads in [1, 64] {
                assert!(run(c, &x, &w, threads) == want, "case {index}, {threads} threads");
            }
        }
    }
}
