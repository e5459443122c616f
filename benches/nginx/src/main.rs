//! Builds nginx with HTTP/3 into the folder that is given. It needs a C compiler and Debian's `libpcre2-dev`,
//! `libssl-dev` and `zlib1g-dev`.

fn main() -> std::io::Result<()> {
    let folder = std::env::args_os().nth(1).ok_or_else(|| std::io::Error::other("usage: nginx FOLDER"))?;
    nginx_src::build(std::path::Path::new(&folder)).map(|_| ())
}
