//! Rebuilds when something that is embedded changes, makes sure that the folder of the built site exists (a plain `cargo check` needs
//! no site), and tells the linker how to keep the release small.

use std::env;
use std::path::PathBuf;
use std::process::Command;

fn main() {
    for folder in ["migrations", "integrations", "target/site"] {
        println!("cargo:rerun-if-changed={folder}");
    }
    if env::var_os("CARGO_FEATURE_SSR").is_some() {
        // An error here shows when the macro that embeds the folder does not find it.
        let _ = std::fs::create_dir_all("target/site");
        if env::var("PROFILE").is_ok_and(|profile| profile == "release") {
            link_small();
        }
    }
}

/// Folds functions that came out the same: 1.5 MB. The linker that rustup's toolchain for Linux brings can do that; with another one, such
/// as Debian's, the binary is larger and otherwise the same. Packing relocations would save as much, but needs glibc 2.36 where it runs.
fn link_small() {
    let (Some(rustc), Ok(target)) = (env::var_os("RUSTC"), env::var("TARGET")) else { return };
    if target != "x86_64-unknown-linux-gnu" {
        return;
    }
    let Ok(answer) = Command::new(rustc).args(["--print", "target-libdir"]).output() else { return };
    let mut folder = PathBuf::from(String::from_utf8_lossy(&answer.stdout).trim());
    folder.pop();
    folder.push("bin/gcc-ld");
    if folder.join("ld.lld").exists() {
        println!("cargo:rustc-link-arg-bins=-B{}", folder.display());
        for option in ["-fuse-ld=lld", "-Wl,--icf=all"] {
            println!("cargo:rustc-link-arg-bins={option}");
        }
    }
}
