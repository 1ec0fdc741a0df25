//! The `cardhost` command.

mod cli;

/// Memory is wiped when it is given back: the HTTP library keeps copies of credentials that nobody else can wipe.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> std::process::ExitCode {
    cli::main()
}
