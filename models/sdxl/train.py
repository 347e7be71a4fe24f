"""Cog's `train`: names, types and order of its inputs are those of Replicate's SDXL trainer.

Defaults here are SDXL's; each base overlays its own (`bases/<name>/defaults.json`).
"""

from cog import BaseModel, Input, Path


class TrainingOutput(BaseModel):
    weights: Path


def train(
    input_images: Path = Input(
        description="A .zip or .tar file containing the image files that will be used for fine-tuning"
    ),
    seed: int | None = Input(
        description="Random seed for reproducible training. Leave empty to use a random seed",
        default=None,
        ge=0,
        le=2**53 - 1,
    ),
    resolution: int = Input(
        description="Square pixel resolution which your images will be resized to for training", default=768
    ),
    train_batch_size: int = Input(description="Batch size (per device) for training", default=4),
    num_train_epochs: int = Input(
        description="Number of epochs to loop through your training dataset. max_train_steps decides", default=4000
    ),
    max_train_steps: int = Input(
        description="Number of individual training steps. Takes precedence over num_train_epochs", default=1000
    ),
    is_lora: bool = Input(
        description="Whether to use LoRA training. If set to False, will use full fine tuning: dreambooth", default=True
    ),
    unet_learning_rate: float = Input(
        description="Learning rate of dreambooth, for the U-Net in full fine tuning. We recommend 1e-6 to 1e-5",
        default=1e-6,
    ),
    ti_lr: float = Input(description="Learning rate of the new token embeddings", default=3e-4),
    lora_lr: float = Input(description="Learning rate of the LoRA", default=1e-4),
    lora_rank: int = Input(description="Rank of the LoRA", default=32),
    lr_scheduler: str = Input(
        description="Learning rate scheduler to use for training",
        default="constant",
        choices=["constant", "linear", "cosine"],
    ),
    lr_warmup_steps: int = Input(description="Number of steps over which the learning rates rise", default=100),
    token_string: str = Input(
        description="A unique string that will be trained to refer to the concept in the input images. Can be anything, "
        "but TOK works well. Several concepts stand between commas, as in TOK,HAT, and each caption names its own",
        default="TOK",
        min_length=1,
        max_length=200,
    ),
    caption_prefix: str = Input(
        description="Text which will be used as prefix during automatic captioning. Should contain the token_string",
        default="a photo of TOK, ",
    ),
    mask_target_prompts: str | None = Input(
        description="Prompt that describes the part of the image that is important, such as `photo of a dog`",
        default=None,
    ),
    crop_based_on_salience: bool = Input(
        description="Whether to crop each image around its important part", default=True
    ),
    use_face_detection_instead: bool = Input(
        description="Whether to use face detection instead of CLIPSeg for masking", default=False
    ),
    clipseg_temperature: float = Input(description="How blurry the CLIPSeg mask is", default=1.0),
    verbose: bool = Input(description="Whether the log shows each image's caption", default=True),
    checkpointing_steps: int = Input(
        description="Number of steps between training states, from which a lost training goes on. 999999: Easel decides",
        default=999999,
        ge=1,
    ),
    input_images_filetype: str = Input(
        description="Filetype of the input images. By default it is inferred from the file",
        default="infer",
        choices=["zip", "tar", "infer"],
    ),
    technique: str = Input(
        description="What is trained: pivotal a LoRA and new words, lora a LoRA alone, textual_inversion new words alone, "
        "dreambooth the whole U-Net",
        default="pivotal",
        choices=["pivotal", "lora", "textual_inversion", "dreambooth"],
    ),
    subject: str = Input(
        description="What the images have in common. It decides the defaults of other inputs",
        default="object",
        choices=["style", "object", "person"],
    ),
    initial_word: str | None = Input(
        description="What the new tokens start from, such as `dog`, `style` or `teddy bear`: as many words as tokens are one for each, "
        "others count by their middle. An empty text: from noise. Where no tokens are trained, what the token_string is read as; an "
        "empty text: as it stands",
        default=None,
    ),
    num_vectors: int = Input(
        description="Number of new tokens that each token_string stands for. More hold more of your images, and leave less of the "
        "prompt beside them",
        default=2,
        ge=1,
        le=16,
    ),
    lora_alpha: float | None = Input(
        description="The LoRA counts as much as alpha / rank. Empty: as the rank", default=None, ge=0.001, le=1024
    ),
    lora_targets: str = Input(
        description="The layers that the LoRA stands beside: the attentions', or the feed-forward ones too",
        default="attention",
        choices=["attention", "attention_and_feed_forward"],
    ),
    class_prompt: str | None = Input(
        description="What your subject is one of, such as `a photo of a dog`: the base draws class images of it. Empty: each "
        "caption without the token string",
        default=None,
        max_length=1000,
    ),
    prior_loss_weight: float = Input(
        description="How much class images count beside yours, so that their kind is not forgotten. 0: there are none",
        default=0.0,
        ge=0,
        le=100,
    ),
    num_class_images: int = Input(description="Number of class images", default=50, ge=1, le=1000),
    train_text_encoder: bool = Input(description="Whether dreambooth trains the text encoders too", default=False),
    snr_gamma: float = Input(
        description="Min-SNR weighting of the loss: what the ratio of signal to noise is capped at. 0: off",
        default=5.0,
        ge=0,
        le=1000,
    ),
    noise_offset: float = Input(
        description="How much the noise of a whole channel is shifted, for very dark or very bright styles",
        default=0.0,
        ge=0,
        le=1,
    ),
    caption_dropout: float = Input(
        description="Share of captions left out in training, so that guidance keeps its hold", default=0.05, ge=0, le=1
    ),
    gradient_accumulation_steps: int = Input(
        description="Number of batches whose gradients make one step: a larger batch in the memory of a smaller one",
        default=1,
        ge=1,
        le=64,
    ),
    gradient_checkpointing: bool = Input(
        description="Compute activations twice rather than keep them: slower, in a fraction of the memory",
        default=False,
    ),
    use_ema: bool = Input(
        description="Whether what comes out is a running mean over the last sixth of the steps", default=True
    ),
    sample_prompts: list[str] | None = Input(
        description="What is drawn while training. The token string is put in by itself. Empty: three of the captions",
        default=None,
    ),
    sample_steps: int | None = Input(
        description="Number of steps between samples. 0: none. Empty: ten times a run", default=None, ge=0
    ),
    publish: str = Input(
        description="Which snapshot becomes the version: best scores some on the way and takes the best of them, last the last",
        default="best",
        choices=["best", "last"],
    ),
    caption_mode: str = Input(
        description="What becomes of images without a caption: fill writes one, strict refuses them, and captions without "
        "the token string too",
        default="fill",
        choices=["fill", "strict"],
    ),
    edits: Path | None = Input(
        description="Changes to single images, by their sha256: a JSON object of crop, caption, mask and drop",
        default=None,
    ),
    background: str = Input(description="The colour that shows where a picture is clear", default="white"),
) -> TrainingOutput:
    """Fine-tunes the base on an archive of images and returns the trained weights."""
    inputs = dict(locals())
    import training

    return TrainingOutput(weights=Path(training.run(inputs)))
