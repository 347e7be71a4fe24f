"""The signature of Replicate's SDXL, trainings: input for the schema test, not a model."""

from cog import BaseModel, Input, Path


class TrainingOutput(BaseModel):
    weights: Path


def train(
    input_images: Path = Input(
        description="A .zip or .tar file containing the image files that will be used for fine-tuning"
    ),
    seed: int | None = Input(description="Random seed for reproducible training. Leave empty to use a random seed"),
    resolution: int = Input(
        default=768, description="Square pixel resolution which your images will be resized to for training"
    ),
    train_batch_size: int = Input(default=4, description="Batch size (per device) for training"),
    num_train_epochs: int = Input(default=4000, description="Number of epochs to loop through your training dataset"),
    max_train_steps: int = Input(
        default=1000, description="Number of individual training steps. Takes precedence over num_train_epochs"
    ),
    is_lora: bool = Input(
        default=True, description="Whether to use LoRA training. If set to False, will use Full fine tuning"
    ),
    unet_learning_rate: float = Input(
        default=1e-06,
        description="Learning rate for the U-Net. We recommend this value to be somewhere between `1e-6` to `1e-5`.",
    ),
    ti_lr: float = Input(
        default=0.0003,
        description="Scaling of learning rate for training textual inversion embeddings. Don't alter unless you know what you're doing.",
    ),
    lora_lr: float = Input(
        default=0.0001,
        description="Scaling of learning rate for training LoRA embeddings. Don't alter unless you know what you're doing.",
    ),
    lora_rank: int = Input(
        default=32, description="Rank of LoRA embeddings. Don't alter unless you know what you're doing."
    ),
    lr_scheduler: str = Input(
        default="constant", choices=["constant", "linear"], description="Learning rate scheduler to use for training"
    ),
    lr_warmup_steps: int = Input(default=100, description="Number of warmup steps for lr schedulers with warmups."),
    token_string: str = Input(
        default="TOK",
        description="A unique string that will be trained to refer to the concept in the input images. Can be anything, but TOK works well",
    ),
    caption_prefix: str = Input(
        default="a photo of TOK, ",
        description="Text which will be used as prefix during automatic captioning. Must contain the `token_string`. For example, if caption text is 'a photo of TOK', automatic captioning will expand to 'a photo of TOK under a bridge', 'a photo of TOK holding a cup', etc.",
    ),
    mask_target_prompts: str | None = Input(
        description="Prompt that describes part of the image that you will find important. For example, if you are fine-tuning your pet, `photo of a dog` will be a good prompt. Prompt-based masking is used to focus the fine-tuning process on the important/salient parts of the image"
    ),
    crop_based_on_salience: bool = Input(
        default=True,
        description="If you want to crop the image to `target_size` based on the important parts of the image, set this to True. If you want to crop the image based on face detection, set this to False",
    ),
    use_face_detection_instead: bool = Input(
        default=False,
        description="If you want to use face detection instead of CLIPSeg for masking. For face applications, we recommend using this option.",
    ),
    clipseg_temperature: float = Input(
        default=1,
        description="How blurry you want the CLIPSeg mask to be. We recommend this value be something between `0.5` to `1.0`. If you want to have more sharp mask (but thus more errorful), you can decrease this value.",
    ),
    verbose: bool = Input(default=True, description="verbose output"),
    checkpointing_steps: int = Input(
        default=999999,
        description="Number of steps between saving checkpoints. Set to very very high number to disable checkpointing, because you don't need one.",
    ),
    input_images_filetype: str = Input(
        default="infer",
        choices=["zip", "tar", "infer"],
        description="Filetype of the input images. Can be either `zip` or `tar`. By default its `infer`, and it will be inferred from the ext of input file.",
    ),
) -> TrainingOutput:
    raise NotImplementedError
