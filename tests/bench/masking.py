"""What looking for personal data costs the endpoint: the same requests with and without that step, in turns, in one run."""

from typing import Any

from tests.bench.inprocess import BATCH, REQUESTS, bodies, post, prepare, timed

ROUNDS = 6


def main() -> None:
    _, site = prepare()
    from ingestion import pipeline, writer
    from ingestion.steps.personal import mask_personal

    with_step = pipeline.STEPS
    without = tuple(step for step in with_step if step is not mask_personal)
    spent: dict[Any, float] = {with_step: 0.0, without: 0.0}
    sent = bodies(site)[: REQUESTS // ROUNDS]
    for body in sent[:20]:
        post(body)
    for _ in range(ROUNDS):
        for steps in (with_step, without):
            pipeline.STEPS = steps
            spent[steps] += timed(lambda: [post(body) for body in sent])[1]
        writer.drain_all()
    pipeline.STEPS = with_step
    events = ROUNDS * len(sent) * BATCH
    print(f"with masking    {events / spent[with_step]:10,.0f} events per CPU second")
    print(f"without         {events / spent[without]:10,.0f}; with is {spent[without] / spent[with_step]:.3f} of it")


if __name__ == "__main__":
    from tests import environment

    assert environment
    main()
