"""PyPI `replicate` 2.x, unmodified, through its whole surface. Its environment names the server and the token; the first
argument is an archive of images, the rest are version ids. Prints what it found; an assertion ends it."""

import sys
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import replicate
from replicate import NotFoundError, Replicate, UnprocessableEntityError
from replicate._exceptions import ModelError

ZIP, ECHO, WORDS, PAGES = sys.argv[1:5]
OWNER = "you"
client = Replicate()
NEW = {"model_owner": OWNER, "model_name": "python-2"}
BASE = {"model_owner": "easel", "model_name": "echo"}


def lists() -> None:
    assert client.account.get().username == OWNER
    assert "cpu" in [hardware.sku for hardware in client.hardware.list()]
    (collection,) = client.collections.list()
    assert client.collections.get(collection_slug=collection.slug).models
    assert client.webhooks.default.secret.get().key.startswith("whsec_")
    found = client.search(query="echo", limit=5)
    assert [one.model.name for one in found.models] == ["echo"]


def models() -> None:
    client.models.create(owner=OWNER, name="python-2", visibility="private", hardware="cpu")
    changed = client.models.update(**NEW, description="by Python", readme="# Python 2")
    assert changed.description == "by Python"
    assert client.models.readme.get(**NEW) == "# Python 2"
    assert client.models.get(**NEW).name == "python-2"
    assert "python-2" in [model.name for model in client.models.list()]
    assert "python-2" in [model.name for model in client.models.search(body="python-2")]
    assert ECHO in [version.id for version in client.models.versions.list(**BASE)]
    assert client.models.versions.get(**BASE, version_id=ECHO).id == ECHO


def files() -> None:
    made = client.files.create(content=Path(ZIP).read_bytes(), metadata={"kind": "images"})
    assert made.metadata == {"kind": "images"}
    assert client.files.get(file_id=made.id).size == Path(ZIP).stat().st_size
    assert made.id in [file.id for file in client.files.list()]
    signed = {name: values[0] for name, values in parse_qs(urlsplit(made.urls.download).query).items()}
    content = client.files.download(
        file_id=made.id, owner=signed["owner"], expiry=int(signed["expiry"]), signature=signed["signature"]
    )
    assert content.read() == Path(ZIP).read_bytes()
    client.files.delete(file_id=made.id)


def predictions() -> None:
    (picture,) = client.run(f"easel/echo:{ECHO}", input={"text": "p2"})
    assert picture.read().startswith(b"\x89PNG")
    assert list(client.run(f"easel/words:{WORDS}", input={"text": "one two"})) == ["one ", "two "]
    words = replicate.use(f"easel/words:{WORDS}", streaming=True)
    assert list(words(text="three four")) == ["three ", "four "]
    made = client.predictions.create(version=ECHO, input={"repeat": 2}, prefer="wait=20", cancel_after="5m")
    assert made.status == "succeeded" and made.deadline is not None
    slow = client.models.predictions.create(**BASE, input={"delay_seconds": 60})
    client.predictions.cancel(prediction_id=slow.id)
    assert slow.id in [prediction.id for prediction in client.predictions.list()]
    assert client.predictions.get(prediction_id=made.id).status == "succeeded"


def trainings() -> str:
    images = client.files.create(content=Path(ZIP).read_bytes()).urls.get
    wanted = {"version_id": ECHO, "destination": f"{OWNER}/python-2"}
    made = client.trainings.create(**BASE, **wanted, input={"input_images": images, "steps": 2})
    while (training := client.trainings.get(training_id=made.id)).status in ("starting", "processing"):
        time.sleep(0.2)
    assert training.status == "succeeded", training.error
    assert made.id in [each.id for each in client.trainings.list()]
    slow = {"input_images": images, "steps": 1000, "step_seconds": 1}
    again = client.trainings.create(**BASE, **wanted, input=slow)
    client.trainings.cancel(training_id=again.id)
    return training.output.version.split(":")[1]


def examples(version: str) -> None:
    made = client.predictions.create(version=version, input={}, prefer="wait=20")
    client.put(f"/models/{OWNER}/python-2/examples/{made.id}", cast_to=object)
    assert [example.id for example in client.models.examples.list(**NEW)] == [made.id]


def deployments(version: str) -> None:
    place = {"deployment_owner": OWNER, "deployment_name": "python-2"}
    scale = {"hardware": "cpu", "min_instances": 0, "max_instances": 1}
    client.deployments.create(name="python-2", model=f"{OWNER}/python-2", version=version, **scale)
    assert client.deployments.update(**place, max_instances=2).current_release.number == 2
    assert [each.name for each in client.deployments.list()] == ["python-2"]
    made = client.deployments.predictions.create(**place, input={}, prefer="wait=20")
    assert made.status == "succeeded" and made.deployment == f"{OWNER}/python-2"
    assert client.deployments.get(**place).current_release.version == version
    client.deployments.delete(**place)


def errors() -> None:
    try:
        client.predictions.create(version=ECHO, input={"repeat": 9})
        raise AssertionError("an input out of bounds was taken")
    except UnprocessableEntityError as error:
        assert "Must be less than or equal to 4" in str(error)
    try:
        client.models.get(model_owner=OWNER, model_name="none")
        raise AssertionError("a model that is not there was found")
    except NotFoundError:
        pass
    try:
        client.run(f"easel/echo:{ECHO}", input={"fail": "as told"})
        raise AssertionError("a failed prediction gave an output")
    except ModelError as error:
        assert "as told" in str(error)


def deletion(version: str) -> None:
    client.models.versions.delete(**NEW, version_id=version)
    client.models.delete(**NEW)


lists()
models()
files()
predictions()
trained = trainings()
examples(trained)
deployments(trained)
errors()
deletion(trained)
print("whole")
