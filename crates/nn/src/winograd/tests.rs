use super::filtering::piece_stride;
use super::weights::weights_stride;
use super::*;
use crate::share::Share;
use gemm::{pack_panels, Activation, Epilogue, PanelSource, COLUMNS};

struct Case {
    batch: usize,
    size: [usize; 2],
    padding: [isize; 2],
    channels: usize,
    columns: usize,
}

fn values(count: usize, seed: usize) -> Vec<f32> {
    (0..count).map(|i| ((i * 7 + seed * 13) % 19) as f32 / 8.0 - 1.0).collect()
}

fn naive(c: &Case, x: &[f32], w: &[f32], bias: &[f32], residual: &[f32]) -> Vec<f32> {
    let [oh, ow] = std::array::from_fn(|axis| c.size[axis].wrapping_add_signed(2 * c.padding[axis]) - 2);
    let mut out = Vec::new();
    for pixel in 0..c.batch * oh * ow {
        let (n, y, px) = (pixel / (oh * ow), pixel / ow % oh, pixel % ow);
        for o in 0..c.columns {
            let mut sum = bias[o] + residual[out.len()];
            for tap in 0..9 {
                let iy = (y + tap / 3).wrapping_sub(c.padding[0] as usize);
                let ix = (px + tap % 3).wrapping_sub(c.padding[1] as usize);
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

/// How the work is split, which must not change the result.
#[derive(Clone, Copy)]
struct Split {
    block: usize,
    threads: usize,
}

fn run(
    filtering: Filtering,
    form: WeightForm,
    c: &Case,
    [x, w, bias, residual]: [&[f32]; 4],
    split: Split,
) -> Vec<f32> {
    let Split { block, threads } = split;
    let (size, points) = (filtering.output(), filtering.points());
    let [oh, ow] = std::array::from_fn(|axis| c.size[axis].wrapping_add_signed(2 * c.padding[axis]) - 2);
    let pieces = [oh.div_ceil(size), ow.div_ceil(size)];
    let all = c.batch * pieces[0] * pieces[1];
    let panels = c.columns.div_ceil(COLUMNS);
    let mut packed = vec![f32::NAN; points * weights_stride(panels, c.channels)];
    let mut transformed = vec![f32::NAN; block * piece_stride(points, c.channels)];
    let mut out = vec![f32::NAN; c.batch * oh * ow * c.columns];
    let shares = || (0..threads).map(|thread| Share { thread, threads });
    let source = PanelSource {
        groups: 1,
        columns: c.columns,
        taps: [3, 3],
        depth: c.channels,
        group_stride: 0,
        column_stride: 9 * c.channels,
        tap_strides: [3, 1],
        depth_stride: 9,
    };
    let weights = WinogradWeights {
        filtering,
        source: w.as_ptr(),
        packed: packed.as_mut_ptr(),
        channels: c.channels,
        columns: c.columns,
        column_stride: c.channels * 9,
        channel_stride: 9,
        tap_strides: [3, 1],
    };
    match form {
        WeightForm::Transformed => shares().for_each(|share| unsafe { winograd_weights(&weights, share) }),
        WeightForm::Panels => unsafe { pack_panels(&source, w.as_ptr(), packed.as_mut_ptr(), 0, panels) },
    }
    let scratch_floats = winograd_scratch(filtering, form, c.channels);
    let mut scratch = vec![f32::NAN; threads * scratch_floats];
    for first in (0..all).step_by(block) {
        let count = block.min(all - first);
        let input = WinogradInput {
            filtering,
            input: x.as_ptr(),
            transformed: transformed.as_mut_ptr(),
            cut: Cut {
                height: c.size[0],
                width: c.size[1],
                channels: c.channels,
                padding: c.padding,
                pieces,
                first,
                count,
            },
        };
        let output = WinogradOutput {
            filtering,
            form,
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
            scratch: scratch.as_mut_ptr(),
            scratch_floats,
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
        Case { batch: 1, size: [9, 12], padding: [-1, 0], channels: 4, columns: 8 },
        Case { batch: 3, size: [8, 5], padding: [2, 1], channels: 33, columns: 40 },
    ];
    for (index, c) in cases.iter().enumerate() {
        let x = values(c.batch * c.size[0] * c.size[1] * c.channels, 1);
        let w = values(c.columns * c.channels * 9, 2);
        let bias = values(c.columns + COLUMNS, 3);
        let residual = values(c.batch * (c.size[0] + 4) * (c.size[1] + 4) * c.columns, 4);
        let want = naive(c, &x, &w, &bias, &residual);
        let buffers = [&x[..], &w, &bias, &residual];
        for (filtering, form) in [
            (Filtering::F2, WeightForm::Transformed),
            (Filtering::F2, WeightForm::Panels),
            (Filtering::F4, WeightForm::Transformed),
            (Filtering::F4, WeightForm::Panels),
        ] {
            let one = run(filtering, form, c, buffers, Split { block: 1000, threads: 1 });
            for (i, (got, want)) in one.iter().zip(&want).enumerate() {
                let allowed = 1e-4 * c.channels as f32;
                assert!(
                    (got - want).abs() < allowed,
                    "{filtering:?}, {form:?}, case {index} at {i}: {got}, not {want}"
                );
            }
            for (block, threads) in [(1000, 2), (5, 1), (16, 3)] {
                let other = run(filtering, form, c, buffers, Split { block, threads });
                assert_eq!(other, one, "{filtering:?}, {form:?}, case {index}, block {block}, {threads} threads");
            }
        }
    }
}

/// Products of pieces and the number of a block overflow the 32 bits of WebAssembly.
#[test]
fn pieces_may_be_many() {
    let c = Case { batch: 1, size: [1200, 1150], padding: [1, 1], channels: 1, columns: 1 };
    let x = values(c.size[0] * c.size[1], 1);
    let w = values(9, 2);
    let bias = values(1 + COLUMNS, 3);
    let residual = values(c.size[0] * c.size[1], 4);
    let want = naive(&c, &x, &w, &bias, &residual);
    for threads in [1, 64] {
        let split = Split { block: 345_000, threads };
        let got = run(Filtering::F2, WeightForm::Transformed, &c, [&x, &w, &bias, &residual], split);
        let wrong = got.iter().zip(&want).position(|(got, want)| (got - want).abs() > 1e-4);
        assert_eq!(wrong, None, "{threads} threads");
    }
}
