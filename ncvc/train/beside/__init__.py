"""Work beside a training, in the launcher on the first machine; what fails there never reaches the training."""
