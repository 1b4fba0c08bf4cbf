//! Groups of words at which contacts are looked for, by position in `GROUPS`.

pub const EXTENSION: usize = 0;
pub const PHONE: usize = 1;
pub const E_MAIL_PLAIN: usize = 2;
pub const E_MAIL_HIDDEN: usize = 3;
pub const URL: usize = 4;
pub const ACCOUNT: usize = 5;
pub const HANDLE: usize = 6;
