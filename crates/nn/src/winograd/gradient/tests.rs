use super::factor::{OUTPUT, POINTS};
use super::*;
use crate::share::Share;
use crate::winograd::Cut;
use gemm::COLUMNS;

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
                *sum += x[((n * c.size[0] + iy) * c.size[1] + ix) * c.channels + channel] * dy[pixel * c.columns + o];
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
        shares().for_each(|share| unsafe { winograd_factor(&p, share) });
        let p = WinogradFactor {
            factor: Factor::Gradient,
            source: dy.as_ptr(),
            transformed: gradients.as_mut_ptr(),
            cut: Cut { height: oh, width: ow, channels: c.columns, padding: [0, 0], ..p.cut },
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
    let p = WinogradTaps { sums: sums.as_ptr(), output: output.as_mut_ptr(), channels: c.channels, columns: c.columns };
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
