//! Named points at which a test holds a process, to kill it exactly there. Debug builds only.

/// Says that the point was reached and goes no further, if it is the one that `TEST_FAIL_POINT` names.
pub(super) async fn at(point: &'static str) {
    if std::env::var("TEST_FAIL_POINT").is_ok_and(|named| named == point) {
        tracing::warn!(point, "fail point");
        std::future::pending::<()>().await;
    }
}
