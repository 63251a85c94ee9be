use super::*;
use crate::share::Share;
use gemm::Activation;

const EPSILON: f32 = 1e-3;
const BLOCK: usize = 24;

struct Case {
    rows: usize,
    channels: usize,
    x: Vec<f32>,
    dy: Vec<f32>,
    other: Vec<f32>,
    moments: Vec<f32>,
    gamma: Vec<f32>,
    beta: Vec<f32>,
}

fn values(count: usize, seed: usize) -> Vec<f32> {
    (0..count).map(|i| ((i * 7919 + seed * 13) % 37) as f32 / 16.0 - 1.0).collect()
}

fn case(rows: usize, channels: usize) -> Case {
    let x = values(rows * channels, 1);
    let mean =
        |c: usize, f: &dyn Fn(f32) -> f32| x[c..].iter().step_by(channels).map(|x| f(*x)).sum::<f32>() / rows as f32;
    let means: Vec<f32> = (0..channels).map(|c| mean(c, &|x| x)).collect();
    let variances = (0..channels).map(|c| mean(c, &|x| (x - means[c]).powi(2)));
    let moments = means.iter().copied().chain(variances).collect();
    Case {
        rows,
        channels,
        moments,
        dy: values(rows * channels, 2),
        other: values(rows * channels, 3),
        gamma: values(channels, 4),
        beta: values(channels, 5),
        x,
    }
}

impl Case {
    /// Normalised input, before gamma and beta.
    fn normalized(&self, i: usize) -> f32 {
        let c = i % self.channels;
        (self.x[i] - self.moments[c]) / (self.moments[self.channels + c] + EPSILON).sqrt()
    }

    fn forward(&self, residual: bool, activation: Activation, threads: usize) -> Vec<f32> {
        let mut out = vec![f32::NAN; self.x.len()];
        let p = Normalize {
            input: self.x.as_ptr(),
            moments: self.moments.as_ptr(),
            gamma: self.gamma.as_ptr(),
            beta: self.beta.as_ptr(),
            residual: if residual { self.other.as_ptr() } else { std::ptr::null() },
            output: out.as_mut_ptr(),
            rows: self.rows,
            channels: self.channels,
            epsilon: EPSILON,
            activation,
        };
        (0..threads).for_each(|thread| unsafe { normalize(&p, Share { thread, threads }) });
        out
    }

    /// Sums and gradient of the input.
    fn backward(&self, gate: bool, threads: usize) -> (Vec<f32>, Vec<f32>) {
        let blocks = self.rows.div_ceil(BLOCK);
        let mut partials = vec![f32::NAN; blocks * 2 * self.channels];
        let mut out = vec![f32::NAN; self.x.len()];
        let gate = if gate { self.other.as_ptr() } else { std::ptr::null() };
        let p = NormalizeSums {
            gradient: self.dy.as_ptr(),
            input: self.x.as_ptr(),
            moments: self.moments.as_ptr(),
            gate,
            partials: partials.as_mut_ptr(),
            rows: self.rows,
            channels: self.channels,
            block: BLOCK,
            epsilon: EPSILON,
        };
        let shares = || (0..threads).map(|thread| Share { thread, threads });
        shares().for_each(|share| unsafe { normalize_sums(&p, share) });
        let sums: Vec<f32> =
            (0..2 * self.channels).map(|i| partials[i..].iter().step_by(2 * self.channels).sum()).collect();
        let p = NormalizeGradient {
            gradient: self.dy.as_ptr(),
            input: self.x.as_ptr(),
            moments: self.moments.as_ptr(),
            gamma: self.gamma.as_ptr(),
            sums: sums.as_ptr(),
            gate,
            output: out.as_mut_ptr(),
            rows: self.rows,
            channels: self.channels,
            epsilon: EPSILON,
        };
        shares().for_each(|share| unsafe { normalize_gradient(&p, share) });
        (sums, out)
    }
}

fn assert_close(got: &[f32], want: &[f32], context: &str) {
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        assert!((got - want).abs() <= 2e-5 * (1.0 + want.abs()), "{context} at {i}: {got}, not {want}");
    }
}

const SHAPES: [(usize, usize); 6] = [(1, 1), (50, 3), (31, 4), (70, 10), (24, 66), (9, 128)];

#[test]
fn normalises_with_residual_and_relu() {
    for (rows, channels) in SHAPES {
        let c = case(rows, channels);
        for residual in [false, true] {
            for activation in [Activation::None, Activation::Relu] {
                let want: Vec<f32> = (0..c.x.len())
                    .map(|i| {
                        let value = c.normalized(i) * c.gamma[i % channels] + c.beta[i % channels];
                        let value = value + if residual { c.other[i] } else { 0.0 };
                        if activation == Activation::Relu {
                            value.max(0.0)
                        } else {
                            value
                        }
                    })
                    .collect();
                let got = c.forward(residual, activation, 1);
                assert_close(&got, &want, &format!("[{rows}, {channels}], {residual}, {activation:?}"));
                assert_eq!(c.forward(residual, activation, 3), got);
            }
        }
    }
}

#[test]
fn sums_and_gradient_equal_their_formulas_for_any_number_of_threads() {
    for (rows, channels) in SHAPES {
        let c = case(rows, channels);
        for gate in [false, true] {
            let dy = |i: usize| if gate && c.other[i] <= 0.0 { 0.0 } else { c.dy[i] };
            let sum =
                |channel: usize, f: &dyn Fn(usize) -> f32| (channel..c.x.len()).step_by(channels).map(f).sum::<f32>();
            let first = (0..channels).map(|channel| sum(channel, &dy));
            let second = (0..channels).map(|channel| sum(channel, &|i| dy(i) * c.normalized(i)));
            let want_sums: Vec<f32> = first.chain(second).collect();
            let want: Vec<f32> = (0..c.x.len())
                .map(|i| {
                    let channel = i % channels;
                    let inverse = 1.0 / (c.moments[channels + channel] + EPSILON).sqrt();
                    let means = [want_sums[channel], want_sums[channels + channel]].map(|sum| sum / rows as f32);
                    c.gamma[channel] * inverse * (dy(i) - means[0] - c.normalized(i) * means[1])
                })
                .collect();
            let (sums, gradient) = c.backward(gate, 1);
            assert_close(&sums, &want_sums, &format!("sums of [{rows}, {channels}], gate {gate}"));
            assert_close(&gradient, &want, &format!("gradient of [{rows}, {channels}], gate {gate}"));
            assert_eq!(c.backward(gate, 3), (sums, gradient));
        }
    }
}
