use crate::instructions::Instruction;
use crate::interpreter::Memory;
use nn::{
    block_moments, moments, normalize, normalize_gradient, normalize_sums, pool2d_gradient, sum_weights,
    weight_gradient, weighted_sum, winograd_factor, winograd_products, winograd_taps, BlockMoments, Moments, Normalize,
    NormalizeGradient, NormalizeSums, Pool2d, Pool2dGradient, Share, SumWeights, WeightGradient, WeightedSum,
    WinogradFactor, WinogradProducts, WinogradTaps,
};

/// The instructions that only training takes.
pub(crate) unsafe fn execute(instruction: Instruction, memory: Memory, share: Share) {
    match instruction {
        Instruction::WeightedSum { inputs, weights, output, count } => {
            let inputs = inputs.map(|input| memory.optional(input));
            let sum = WeightedSum { inputs, weights: memory.input(weights), output: memory.output(output), count };
            weighted_sum(&sum, share);
        }
        Instruction::BlockMoments { input, partials, rows, channels, block } => {
            let (input, partials) = (memory.input(input), memory.output(partials));
            block_moments(&BlockMoments { input, partials, rows, channels, block }, share);
        }
        Instruction::Moments { partials, output, rows, channels, block } => {
            let (partials, output) = (memory.input(partials), memory.output(output));
            moments(&Moments { partials, output, rows, channels, block }, share);
        }
        Instruction::Normalize {
            input,
            moments,
            gamma,
            beta,
            residual,
            output,
            rows,
            channels,
            epsilon,
            activation,
        } => {
            let norm = Normalize {
                input: memory.input(input),
                moments: memory.input(moments),
                gamma: memory.input(gamma),
                beta: memory.input(beta),
                residual: memory.optional(residual),
                output: memory.output(output),
                rows,
                channels,
                epsilon,
                activation,
            };
            normalize(&norm, share);
        }
        Instruction::NormalizeSums { gradient, input, moments, gate, partials, rows, channels, block, epsilon } => {
            let sums = NormalizeSums {
                gradient: memory.input(gradient),
                input: memory.input(input),
                moments: memory.input(moments),
                gate: memory.optional(gate),
                partials: memory.output(partials),
                rows,
                channels,
                block,
                epsilon,
            };
            normalize_sums(&sums, share);
        }
        Instruction::NormalizeGradient {
            gradient,
            input,
            moments,
            gamma,
            sums,
            gate,
            output,
            rows,
            channels,
            epsilon,
        } => {
            let norm = NormalizeGradient {
                gradient: memory.input(gradient),
                input: memory.input(input),
                moments: memory.input(moments),
                gamma: memory.input(gamma),
                sums: memory.input(sums),
                gate: memory.optional(gate),
                output: memory.output(output),
                rows,
                channels,
                epsilon,
            };
            normalize_gradient(&norm, share);
        }
        Instruction::Pool2dGradient {
            kind,
            gradient,
            input,
            output,
            batch,
            height,
            width,
            channels,
            output_height,
            output_width,
            kernel,
            stride,
            padding,
        } => {
            let (gradient, input, output) = (memory.input(gradient), memory.input(input), memory.output(output));
            let pool = Pool2d {
                kind,
                input,
                output,
                batch,
                height,
                width,
                channels,
                output_height,
                output_width,
                kernel,
                stride,
                padding,
            };
            pool2d_gradient(&Pool2dGradient { gradient, pool }, share);
        }
        Instruction::WeightGradient {
            input,
            gradient,
            partials,
            segments,
            batch,
            height,
            width,
            output_height,
            output_width,
            groups,
            columns,
            depth,
            kernel,
            stride,
            dilation,
            padding,
        } => {
            let gradient = WeightGradient {
                input: memory.input(input),
                gradient: memory.input(gradient),
                partials: memory.output(partials),
                segments,
                batch,
                height,
                width,
                output_height,
                output_width,
                groups,
                columns,
                depth,
                kernel,
                stride,
                dilation,
                padding,
            };
            weight_gradient(&gradient, share);
        }
        Instruction::SumWeights { partials, output, segments, groups, columns, depth, taps } => {
            let (partials, output) = (memory.input(partials), memory.output(output));
            sum_weights(&SumWeights { partials, output, segments, groups, columns, depth, taps }, share);
        }
        Instruction::WinogradFactor {
            factor,
            source,
            transformed,
            height,
            width,
            channels,
            padding,
            pieces,
            first,
            count,
        } => {
            let (source, transformed) = (memory.input(source), memory.output(transformed));
            let transform =
                WinogradFactor { factor, source, transformed, height, width, channels, padding, pieces, first, count };
            winograd_factor(&transform, share);
        }
        Instruction::WinogradProducts { inputs, gradients, sums, channels, columns, first, count } => {
            let (inputs, gradients) = (memory.input(inputs), memory.input(gradients));
            let sums = memory.output(sums);
            winograd_products(&WinogradProducts { inputs, gradients, sums, channels, columns, first, count }, share);
        }
        Instruction::WinogradTaps { sums, output, channels, columns } => {
            let (sums, output) = (memory.input(sums), memory.output(output));
            winograd_taps(&WinogradTaps { sums, output, channels, columns }, share);
        }
        other => unreachable!("{other:?} is not of training"),
    }
}
