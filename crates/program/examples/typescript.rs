//! Prints the TypeScript instruction table.
fn main() {
    print!("{}", program::typescript());
}
