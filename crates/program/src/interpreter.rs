use crate::barrier::Barrier;
use crate::instructions::Instruction;
use nn::Share;
use operands::Memory;

/// Runs this thread's share of every instruction of `program` and meets the other threads at `barrier` after each. They
/// meet once even if the program is empty: no thread may finish before all have begun.
/// Returns whether all words were instructions; it stops at the first that is not.
///
/// # Safety
/// Every address in `program` must be valid for what its instruction reads or writes there.
pub unsafe fn run(program: &[u32], memory: Memory, barrier: &Barrier, share: Share) -> bool {
    let mut rest = program;
    while let Some((instruction, words)) = Instruction::decode(rest, memory) {
        instruction.run(share);
        rest = &rest[words..];
        if !rest.is_empty() {
            barrier.wait(share.threads as u32);
        }
    }
    barrier.wait(share.threads as u32);
    rest.is_empty()
}
