//! Rebuilds when something that is embedded changes, and makes sure that the folder of the built site exists: a plain
//! `cargo check` needs no site. Has the linker keep one of functions that are the same, byte for byte, in what is published.

use std::env::var;
use std::path::Path;
use std::process::Command;

fn main() {
    if var("PROFILE").is_ok_and(|profile| profile == "release") && links_with_lld() {
        // Generic code is made anew for every type, often to the same bytes.
        println!("cargo:rustc-link-arg-bins=-Wl,--icf=all");
    }
    for folder in ["migrations", "integrations", "target/site"] {
        println!("cargo:rerun-if-changed={folder}");
    }
    if std::env::var_os("CARGO_FEATURE_SSR").is_some() {
        // An error here shows when the macro that embeds the folder does not find it.
        let _ = std::fs::create_dir_all("target/site");
    }
}

/// Whether the compiler brings the linker that it uses by default, which is LLVM's; a system's compiler may use another, without that option.
fn links_with_lld() -> bool {
    const TARGET: &str = "x86_64-unknown-linux-gnu";
    let sysroot = var("RUSTC").ok().and_then(|rustc| Command::new(rustc).args(["--print", "sysroot"]).output().ok());
    let sysroot = sysroot.and_then(|output| String::from_utf8(output.stdout).ok()).unwrap_or_default();
    let linker = Path::new(sysroot.trim()).join("lib/rustlib").join(TARGET).join("bin/gcc-ld/ld.lld");
    var("TARGET").is_ok_and(|target| target == TARGET) && linker.exists()
}
