"""What builds, deploys and publishes the project. Nothing of it is deployed or published."""
