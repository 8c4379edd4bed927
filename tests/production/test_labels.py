"""What Google's bill can be compared by: each submit bears the labels of its run, clip, SKU, campaign and attempt."""

from dataclasses import replace

from reelmill.production.sending import authorise, send
from reelmill.production.work import Work
from reelmill.veo.labels import request_labels
from tests.support.production import RUN, clip, open_engine


class Listening:
    """A backend that remembers the labels it is given."""

    def __init__(self, backend):
        self.backend, self.labels = backend, []

    def submit(self, request, **told):
        self.labels.append(told["labels"])
        return self.backend.submit(request, **told)


async def test_a_submit_bears_what_it_is_for(tmp_path, veo, gcs):
    asked = replace(clip(), campaign="Spring 27")
    with open_engine(tmp_path, veo, gcs) as engine:
        listening = Listening(engine.studio().backend)
        studio = replace(engine.studio(), backend=listening)
        intent = authorise(studio, Work(asked), RUN)
        await send(studio, asked, intent)
    facts = {"run": RUN, "clip": asked.clip_id, "sku": asked.sku, "campaign": "Spring 27", "intent": intent.intent_id}
    assert listening.labels == [request_labels(**facts)]
    assert len(listening.labels[0]) >= len(facts)
