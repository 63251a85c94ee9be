use super::*;
use crate::share::Share;
use gemm::COLUMNS;

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
        Case { batch: 70, size: [3, 4], ..BASE },
        Case { batch: 90, size: [2, 2], depth: 35, ..BASE },
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

/// Products of channels and the number of a tile overflow the 32 bits of WebAssembly.
#[test]
fn channels_may_be_many() {
    let c = Case { batch: 1, size: [1, 1], depth: 200_000, columns: 1, kernel: [1, 1], padding: [0, 0], ..BASE };
    let x = values(c.depth, 1);
    let dy = [2.0];
    let want: Vec<f32> = x.iter().map(|x| 2.0 * x).collect();
    for threads in [1, 64] {
        assert!(run(&c, &x, &dy, 1, threads) == want, "{threads} threads");
    }
}
