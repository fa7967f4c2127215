"""What is made to be looked at: measures of clips, and pictures of them."""
