"""What a deploy runs on the machine that deploys."""
